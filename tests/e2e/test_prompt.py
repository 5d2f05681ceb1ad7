"""A designer attaches Stripe actions to a prompt by dropdowns alone."""

import httpx
import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from connector.host import Role
from tests.e2e.accessibility import find_violations
from tests.e2e.conftest import Window
from tests.e2e.shop import Shop, open_shop
from tests.factories import Tenant, make_prompt
from tests.sandbox_process import StripeAccount

SUMMARY = "switch the user's current plan to Pro, $20 a month, now, invoice the difference immediately"


@pytest.fixture
def shop(tenant: Tenant, account: StripeAccount) -> Shop:
    make_prompt(tenant, name="Win back")
    return open_shop(tenant, account)


def open_prompt(page: Page) -> None:
    page.goto("/prompts/")
    page.get_by_role("link", name="Win back").click()
    page.wait_for_url("**/prompts/win-back/")  # loaded: a link pressed before its script runs is just followed


def add_plan_switch(page: Page) -> None:
    page.get_by_role("link", name="Add action to Accept").click()
    page.get_by_role("link", name="Update existing subscription").click()
    page.get_by_label("Plan", exact=True).select_option(label="Pro, $20 a month")
    page.get_by_label("Proration").select_option(label="Invoice immediately")
    page.get_by_label("Error behavior").select_option(label="Stop")
    page.get_by_role("button", name="Add action").click()


def add_coupon(page: Page) -> None:
    page.get_by_role("link", name="Add action to Accept").click()
    page.get_by_role("link", name="Apply coupon or promotion code").click()
    coupons = page.get_by_label("Coupon", exact=True)
    coupons.select_option(coupons.locator("option", has_text="Stay").get_attribute("value"))
    page.get_by_role("button", name="Add action").click()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_it_switches_the_plan_that_a_designer_picked(
    window: Window, tenant: Tenant, shop: Shop, account: StripeAccount, live_server: LiveServer, scripts: bool
) -> None:
    page = window(Role.APP_MEMBER, java_script_enabled=scripts)
    open_prompt(page)

    add_plan_switch(page)

    expect(page.locator("#accept")).to_contain_text(SUMMARY)
    answer = httpx.post(
        f"{live_server.url}/api/v1/prompts/win-back/interactions/accept/execute/",
        json={"user_id": shop.user_id},
        headers=tenant.api_headers,
        timeout=20,
    )
    assert [outcome["status"] for outcome in answer.json()["outcomes"]] == ["succeeded"]
    items = account.client.v1.subscriptions.retrieve(shop.subscription).items.data
    assert [item.price.unit_amount for item in items] == [2000]


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_it_orders_disables_and_deletes_by_buttons(window: Window, shop: Shop, scripts: bool) -> None:
    page = window(Role.APP_MEMBER, java_script_enabled=scripts)
    open_prompt(page)
    add_plan_switch(page)
    expect(page.locator("#accept li")).to_have_count(1)
    add_coupon(page)
    rows = page.locator("#accept ol > li")
    expect(rows).to_have_count(2)

    page.get_by_role("button", name="Move Apply coupon or promotion code up").press("Enter")
    expect(rows.first).to_contain_text("Apply coupon")
    page.get_by_role("button", name="Disable Apply coupon").click()
    expect(rows.first).to_contain_text("Disabled")
    page.get_by_role("button", name="Delete Apply coupon").click()
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("Update existing subscription")


def test_it_shows_a_reader_the_actions_without_controls(window: Window, shop: Shop) -> None:
    page = window(Role.READ_ONLY)
    open_prompt(page)

    expect(page.get_by_role("heading", name="Accept", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Add action to Accept")).to_have_count(0)


def test_it_opens_and_closes_the_dialog_by_keyboard(window: Window, shop: Shop) -> None:
    page = window(Role.APP_MEMBER)
    open_prompt(page)
    adding = page.get_by_role("link", name="Add action to Accept")

    adding.press("Enter")
    expect(page.get_by_role("dialog", name="Add action to Accept")).to_be_visible()
    assert find_violations(page) == []
    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(adding).to_be_focused()
