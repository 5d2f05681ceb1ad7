"""Actions are ordered by dragging, and parameters that do not count are not shown."""

import pytest
from playwright.sync_api import expect

from actions.configuration import replace_actions
from actions.models import ActionConfig
from connector.host import Role
from tests.e2e.conftest import Window
from tests.e2e.shop import Shop, open_shop
from tests.factories import Tenant, make_prompt
from tests.sandbox_process import StripeAccount

ACTIONS = ("cancel_subscription", "keep_subscription", "resume")


@pytest.fixture
def shop(tenant: Tenant, account: StripeAccount) -> Shop:
    make_prompt(tenant, name="Win back")
    return open_shop(tenant, account)


def test_it_orders_actions_by_dragging(window: Window, tenant: Tenant, shop: Shop) -> None:
    replace_actions(
        app_id=tenant.id,
        prompt_id="win-back",
        interaction="accept",
        actions=[{"action": action} for action in ACTIONS],
        changed_by="test",
    )
    page = window(Role.APP_MEMBER)
    page.goto("/prompts/win-back/")
    rows = page.locator("#accept [data-sortable] > li")

    rows.nth(0).drag_to(rows.nth(2))

    expect(rows.nth(2)).to_contain_text("Cancel subscription")
    saved = ActionConfig.objects.filter(app_id=tenant.id).order_by("position")
    assert list(saved.values_list("action", flat=True)) == ["keep_subscription", "resume", "cancel_subscription"]


def test_it_hides_parameters_that_do_not_count(window: Window, shop: Shop) -> None:
    page = window(Role.APP_MEMBER)
    page.goto("/prompts/win-back/accept/add/update_subscription/")
    proration = page.get_by_label("Proration")
    expect(proration).to_be_visible()

    page.get_by_label("When", exact=True).select_option(label="At period end")

    expect(proration).to_be_hidden()
