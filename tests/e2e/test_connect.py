"""An admin connects by Stripe Connect: our button, Stripe's consent page, and back."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from connector.models import Connection
from connector.oauth import redirect_uri
from sync.tasks import read_catalogue
from tests.e2e.conftest import Window
from tests.factories import Tenant
from tests.sandbox_process import StripeAccount


@pytest.fixture
def account(account: StripeAccount, live_server: LiveServer, settings: Any) -> StripeAccount:
    """An account of a Stripe where our platform is registered, with the live server as its address."""
    settings.ENGAGE_STRIPE["PUBLIC_BASE_URL"] = live_server.url
    made = account.sandbox.admin("POST", "platforms", redirect_uris=[redirect_uri()])
    settings.ENGAGE_STRIPE["STRIPE_TEST_CONNECT_CLIENT_ID"] = made["client_id"]
    settings.ENGAGE_STRIPE["STRIPE_TEST_PLATFORM_KEY"] = made["secret_key"]
    policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    directives = {**policy, "form-action": [*policy["form-action"], account.sandbox.url]}
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": directives}
    return account


def go_to_stripe(page: Page) -> None:
    page.goto("/settings/actions/stripe/?mode=test")
    page.get_by_role("button", name=re.compile("Connect with Stripe")).click()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_it_activates_by_connect_and_shows_the_first_catalogue(
    window: Window, tenant: Tenant, account: StripeAccount, scripts: bool
) -> None:
    account.client.v1.prices.create(
        {
            "product_data": {"name": "Gold"},
            "currency": "usd",
            "unit_amount": 3000,
            "recurring": {"interval": "month"},
        }
    )
    page = window(java_script_enabled=scripts)
    go_to_stripe(page)

    page.get_by_role("radio", name=account.id).check()
    page.get_by_role("button", name="Connect", exact=True).click()

    expect(page.get_by_text("Connected to Sandbox account.")).to_be_visible()
    expect(page.get_by_text(account.id).first).to_be_visible()
    read_catalogue(str(Connection.objects.get(app_id=tenant.id).id))  # what the worker does next
    page.get_by_role("link", name="Catalogue").click()
    expect(page.get_by_text("Gold").first).to_be_visible()


def test_it_leads_on_after_the_admin_declined(window: Window, tenant: Tenant, account: StripeAccount) -> None:
    page = window()
    go_to_stripe(page)

    page.get_by_role("button", name="Cancel").click()

    expect(page.get_by_role("heading", name="You declined at Stripe")).to_be_visible()
    page.get_by_role("link", name="Use an API key instead").click()
    expect(page.get_by_label("API key")).to_be_visible()
    assert not Connection.objects.filter(app_id=tenant.id).exists()
