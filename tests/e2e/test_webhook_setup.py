"""An admin sets up real-time events from the page and sees them arrive."""

from typing import Any

import pytest
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from connector.host import Role
from connector.permissions import PERMISSIONS
from tests.e2e.conftest import Window
from tests.factories import Tenant
from tests.sandbox_process import StripeAccount

KEY = [permission.name for permission in PERMISSIONS if permission.required or "webhook" in permission.name]
SECONDS = 1_000


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_it_creates_the_endpoint_and_sees_a_test_event_arrive(
    window: Window,
    tenant: Tenant,
    account: StripeAccount,
    live_server: LiveServer,
    settings: Any,
    scripts: bool,
) -> None:
    settings.ENGAGE_STRIPE["PUBLIC_BASE_URL"] = live_server.url
    page = window(Role.APP_ADMIN, java_script_enabled=scripts)
    page.goto("/settings/actions/stripe/?mode=test")
    page.get_by_label("API key").fill(account.restricted_key(KEY))
    page.get_by_role("button", name="Save changes").click()

    page.get_by_role("button", name="Create the endpoint for me").click()
    expect(page.get_by_text("Stripe now sends events to Engage.")).to_be_visible()

    page.get_by_role("link", name="Send test event").click()
    page.get_by_role("button", name="Send test event").click()
    arrived = page.get_by_text("Events arrive", exact=True)
    if scripts:
        expect(arrived).to_be_visible(timeout=20 * SECONDS)
    else:
        account.sandbox.admin("POST", "deliveries/settle")
        page.reload()
        expect(arrived).to_be_visible()
