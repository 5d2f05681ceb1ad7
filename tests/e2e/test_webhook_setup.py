"""An admin sets up real-time events from the page and sees them arrive."""

from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from connector.host import Role
from connector.permissions import PERMISSIONS
from sync.tasks import drain_inbox
from tests.e2e.conftest import Window
from tests.factories import Tenant
from tests.sandbox_process import StripeAccount

KEY = [permission.name for permission in PERMISSIONS if permission.required or "webhook" in permission.name]


@pytest.fixture(autouse=True)
def _threads_keep_no_database_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox keeps its HTTP connection, and with it a thread of the live server, beyond the test."""
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)


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
    expect(page.get_by_text("Waiting for Stripe", exact=True).first).to_be_visible()
    account.sandbox.admin("POST", "webhooks/drain")
    drain_inbox()  # what the worker does next
    if not scripts:
        page.get_by_role("link", name="Look again").click()
    expect(page.get_by_text("Events arrive", exact=True)).to_be_visible()
