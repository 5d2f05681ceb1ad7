"""An admin connects Stripe from an empty App, following the page alone."""

import pytest
from playwright.sync_api import Page, expect

from connector.host import Role
from connector.models import Connection
from connector.permissions import PERMISSIONS
from sync.tasks import read_catalogue
from tests.e2e.accessibility import find_violations
from tests.e2e.conftest import Window
from tests.factories import Tenant
from tests.sandbox_process import StripeAccount

REQUIRED = [permission.name for permission in PERMISSIONS if permission.required]


def open_stripe(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Actions").click()
    page.get_by_role("link", name="Stripe").click()
    expect(page.get_by_label("API key")).to_be_visible()  # a click does not wait for the page that it opens


def save_key(page: Page, key: str) -> None:
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Save changes").click()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_it_activates_by_key_and_shows_the_first_catalogue(
    window: Window, tenant: Tenant, account: StripeAccount, scripts: bool
) -> None:
    product = account.client.v1.products.create({"name": "Pro"})
    account.client.v1.prices.create(
        {"product": product.id, "currency": "usd", "unit_amount": 2000, "recurring": {"interval": "month"}}
    )
    page = window(Role.APP_ADMIN, java_script_enabled=scripts)
    open_stripe(page)

    save_key(page, account.restricted_key(REQUIRED))

    expect(page.get_by_text("Saved for test mode.")).to_be_visible()
    expect(page.get_by_text("Write granted").first).to_be_visible()
    read_catalogue(str(Connection.objects.get(app_id=tenant.id).id))  # what the worker does next
    page.get_by_role("link", name="Catalogue").click()
    expect(page.get_by_text("Pro, $20 a month")).to_be_visible()


def test_it_names_the_permission_that_a_key_lacks_and_keeps_the_key(
    window: Window, tenant: Tenant, account: StripeAccount
) -> None:
    page = window(Role.APP_ADMIN)
    open_stripe(page)

    save_key(page, account.restricted_key([name for name in REQUIRED if "coupon" not in name]))

    expect(page.get_by_text("Read missing").first).to_be_visible()
    expect(page.get_by_role("alert").or_(page.get_by_role("status")).first).to_contain_text("Coupons")
    assert Connection.objects.get(app_id=tenant.id).status == Connection.Status.PENDING


def test_it_refuses_a_key_that_cannot_work_and_says_why(
    window: Window, tenant: Tenant, account: StripeAccount
) -> None:
    page = window(Role.APP_ADMIN)
    open_stripe(page)

    save_key(page, account.publishable_key())

    expect(page.locator("#id_api_key_error")).to_contain_text("publishable")
    assert not Connection.objects.filter(app_id=tenant.id).exists()
    assert find_violations(page) == []


def test_it_is_accessible_before_and_after_activation(
    window: Window, tenant: Tenant, account: StripeAccount
) -> None:
    page = window(Role.COMPANY_ADMIN)
    open_stripe(page)
    assert find_violations(page) == []

    save_key(page, account.restricted_key(REQUIRED))
    expect(page.get_by_text("Saved for test mode.")).to_be_visible()

    assert find_violations(page) == []
