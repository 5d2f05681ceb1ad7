"""A plan among hundreds is found and chosen by keyboard, with scripts and without."""

import pytest
from playwright.sync_api import Page, expect

from actions.models import ActionConfig
from connector.host import Role
from sync.models import Price, Product
from tests.e2e.accessibility import find_violations
from tests.e2e.conftest import Window
from tests.e2e.shop import Shop, open_shop
from tests.factories import Tenant, make_prompt
from tests.sandbox_process import StripeAccount

ADDRESS = "/prompts/win-back/accept/add/subscribe/"
WANTED = "Tariff 42, $142 a year"


@pytest.fixture
def shop(tenant: Tenant, account: StripeAccount) -> Shop:
    make_prompt(tenant, name="Win back")
    shop = open_shop(tenant, account)
    connection = shop.connection
    Product.objects.bulk_create(
        Product(connection=connection, stripe_id=f"prod_{n}", name=f"Tariff {n}", rank=1) for n in range(100)
    )
    Price.objects.bulk_create(
        Price(
            connection=connection,
            stripe_id=f"price_{interval}_{n}",
            product=f"prod_{n}",
            currency="usd",
            unit_amount=10_000 + 100 * n,
            interval=interval,
            interval_count=1,
            rank=1,
        )
        for n in range(100)
        for interval in ("month", "year")
    )
    return shop


def choose_by_keyboard(page: Page) -> None:
    search = page.get_by_role("searchbox", name="Search plans for “Plan”")
    search.press_sequentially("tariff 42 year")
    expect(page.get_by_text("1 found.")).to_be_visible()
    search.press("Enter")  # must not save
    search.press("ArrowDown")
    plans = page.get_by_label("Plan", exact=True)
    expect(plans).to_be_focused()
    plans.press("ArrowDown")
    plans.press("Enter")
    expect(plans).to_have_value("price_year_42")
    expect(plans).to_be_focused()


def choose_without_scripts(page: Page) -> None:
    page.get_by_role("searchbox", name="Search plans for “Plan”").fill("tariff 42 year")
    page.get_by_label("Trial days").fill("7")
    page.get_by_role("button", name="Search plans for “Plan”").click()
    expect(page.get_by_label("Trial days")).to_have_value("7")
    page.get_by_label("Plan", exact=True).select_option(label=WANTED)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_it_finds_a_plan_among_hundreds(window: Window, tenant: Tenant, shop: Shop, scripts: bool) -> None:
    page = window(Role.APP_MEMBER, java_script_enabled=scripts)
    page.goto(ADDRESS)
    assert page.locator("select[name=price] option").count() <= 51

    if scripts:
        choose_by_keyboard(page)
        assert find_violations(page) == []
    else:
        choose_without_scripts(page)
    page.get_by_role("button", name="Add action").click()

    page.wait_for_url("**/prompts/win-back/")
    expect(page.locator("#accept")).to_contain_text(WANTED)
    assert ActionConfig.objects.get(app_id=tenant.id).parameters["price"] == "price_year_42"


def test_it_closes_the_list_and_not_the_dialog_on_escape(window: Window, shop: Shop) -> None:
    page = window(Role.APP_MEMBER)
    page.goto("/prompts/win-back/")
    page.get_by_role("link", name="Add action to Accept").click()
    page.get_by_role("dialog").get_by_role("link", name="Subscribe to a plan").click()
    search = page.get_by_role("searchbox", name="Search plans for “Plan”")
    search.press_sequentially("tariff 7")
    plans = page.get_by_label("Plan", exact=True)
    expect(plans).to_have_attribute("size", "8")
    search.press("ArrowDown")

    plans.press("Escape")

    expect(plans).not_to_have_attribute("size", "8")
    expect(page.get_by_role("dialog")).to_be_visible()


def test_it_keeps_targets_that_a_later_search_does_not_find(window: Window, tenant: Tenant, shop: Shop) -> None:
    page = window(Role.APP_MEMBER)
    page.goto("/prompts/win-back/accept/add/keep_subscription/")
    search = page.get_by_role("searchbox", name="Search plans for “Only for users on”")
    for number in (12, 34):
        search.fill(f"tariff {number} month")
        page.get_by_label(f"Tariff {number}, ${100 + number} a month").check()
    page.get_by_role("button", name="Add action").click()

    page.wait_for_url("**/prompts/win-back/")
    target = ActionConfig.objects.get(app_id=tenant.id).target
    assert target is not None
    assert sorted(target) == ["price_month_12", "price_month_34"]
