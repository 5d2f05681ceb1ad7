"""Every page passes axe in light and dark and fits a phone."""

import uuid

import pytest
from playwright.sync_api import Page

from actions.configuration import replace_actions
from connector.host import Role
from tests.e2e.accessibility import find_violations
from tests.e2e.conftest import Window
from tests.e2e.shop import Shop, open_shop
from tests.factories import Tenant, make_prompt
from tests.sandbox_process import StripeAccount

PROMPTS = [
    "/prompts/",
    "/prompts/win-back/",
    "/prompts/win-back/history/",
    "/prompts/win-back/accept/add/",
    "/prompts/win-back/accept/add/update_subscription/",
    "/prompts/win-back/accept/test/",
    "/prompts/win-back/accept/test/?user_id=user-1",
    "/prompts/win-back/accept/add/apply_discount/",
]
SETTINGS = [
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
    shop = open_shop(tenant, account)
    replace_actions(
        app_id=tenant.id,
        prompt_id="win-back",
        interaction="accept",
        actions=[
            {"action": "pause", "parameters": {"until": "cycles"}},
            {
                "action": "apply_discount",
                "parameters": {"coupon": "STAY20"},
                "enabled": False,
                "on_error": "continue",
            },
        ],
        changed_by="ada@example.com",
    )
    return shop


@pytest.mark.parametrize("addresses", [PROMPTS, SETTINGS], ids=["prompts", "settings"])
def test_it_is_accessible_in_a_connected_app(window: Window, shop: Shop, addresses: list[str]) -> None:
    assert _violations_at(window(Role.APP_ADMIN), addresses) == {}


def test_it_is_accessible_in_an_empty_app(window: Window, tenant: Tenant, account: StripeAccount) -> None:
    assert _violations_at(window(Role.APP_ADMIN), ["/prompts/", *SETTINGS]) == {}


def _violations_at(page: Page, addresses: list[str]) -> dict[str, list[str]]:
    found = {}
    for address in addresses:
        page.set_viewport_size({"width": 1280, "height": 800})
        page.goto(address)
        found[address] = find_violations(page)
    return {address: violations for address, violations in found.items() if violations}


def test_it_is_accessible_at_the_door(window: Window) -> None:
    page = window(None)
    page.goto("/sign-in/")
    page.get_by_label("Email").fill(f"{uuid.uuid4().hex}@example.com")
    page.get_by_label("Password").fill("wrong password")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("do not match").wait_for()

    assert find_violations(page) == []


def test_it_is_accessible_where_a_role_is_turned_away(window: Window) -> None:
    page = window(Role.READ_ONLY)
    page.goto("/settings/actions/")

    assert find_violations(page) == []
