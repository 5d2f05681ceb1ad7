"""Every page passes axe in light and dark and fits a phone."""

import pytest

from connector.host import Role
from tests.e2e.accessibility import find_violations
from tests.e2e.conftest import Window
from tests.factories import Tenant, make_prompt


@pytest.mark.parametrize("address", ["/prompts/", "/settings/actions/", "/nowhere/"])
def test_it_is_accessible(window: Window, tenant: Tenant, address: str) -> None:
    make_prompt(tenant, test_user_ids=["u1"])
    page = window(Role.APP_ADMIN)
    page.goto(address)

    assert find_violations(page) == []


def test_it_is_accessible_at_the_door(window: Window) -> None:
    page = window(None)
    page.goto("/sign-in/")
    page.get_by_label("Email").fill("nobody@example.com")
    page.get_by_label("Password").fill("wrong password")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("do not match").wait_for()

    assert find_violations(page) == []


def test_it_is_accessible_where_a_role_is_turned_away(window: Window) -> None:
    page = window(Role.READ_ONLY)
    page.goto("/settings/actions/")

    assert find_violations(page) == []
