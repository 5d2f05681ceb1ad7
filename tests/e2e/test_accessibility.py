"""Every page passes axe in light and dark and fits a phone."""

import pytest

from connector.host import Role
from tests.e2e.accessibility import find_violations
from tests.e2e.conftest import Window
from tests.e2e.shop import Shop, open_shop
from tests.factories import Tenant, make_prompt
from tests.sandbox_process import StripeAccount

PAGES = [
    "/prompts/",
    "/prompts/win-back/",
    "/prompts/win-back/history/",
    "/prompts/win-back/accept/add/",
    "/prompts/win-back/accept/add/update_subscription/",
    "/prompts/win-back/accept/test/",
    "/settings/actions/",
    "/settings/actions/stripe/",
    "/settings/actions/stripe/data-sync/",
    "/settings/actions/stripe/catalogue/",
    "/settings/actions/stripe/catalogue/?kind=coupons",
    "/settings/actions/stripe/activity/",
    "/settings/actions/stripe/limits/",
    "/settings/users/lookup/",
    "/settings/users/lookup/?user_id=user-1",
    "/settings/users/lookup/?user_id=nobody",
    "/nowhere/",
]


@pytest.fixture
def shop(tenant: Tenant, account: StripeAccount) -> Shop:
    make_prompt(tenant, test_user_ids=["user-1"])
    return open_shop(tenant, account)


@pytest.mark.parametrize("address", PAGES)
def test_it_is_accessible_in_a_connected_app(window: Window, shop: Shop, address: str) -> None:
    page = window(Role.APP_ADMIN)
    page.goto(address)

    assert find_violations(page) == []


def test_it_is_accessible_in_an_empty_app(window: Window, tenant: Tenant, account: StripeAccount) -> None:
    page = window(Role.APP_ADMIN)
    for address in PAGES:
        if "win-back" not in address:
            page.goto(address)
            assert find_violations(page) == [], address


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
