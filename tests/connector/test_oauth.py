"""Stripe Connect end to end: our pages, the sandbox's consent page, and every way it can fail."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from django.test import Client
from django.utils import timezone

from connector import selectors
from connector.lifecycle import disconnect, handle_deauthorization
from connector.models import AuditEntry, Connection, OAuthAttempt, PlatformEndpoint
from connector.oauth import forget_old_attempts, redirect_uri
from connector.stripe_gateway import StripeGateway
from tests.connector.conftest import ALICE, REQUIRED
from tests.factories import Tenant, make_app
from tests.sandbox_process import Sandbox, StripeAccount

PAGE = "/settings/actions/stripe/"

Platforms = dict[str, dict[str, Any]]


@pytest.fixture
def platforms(settings: Any, sandbox: Sandbox) -> Platforms:
    """Our platform in both modes, fresh for the test."""
    made: Platforms = {}
    for mode, prefix in (("live", "STRIPE_"), ("test", "STRIPE_TEST_")):
        made[mode] = sandbox.admin("POST", "platforms", livemode=mode == "live", redirect_uris=[redirect_uri()])
        settings.ENGAGE_STRIPE[f"{prefix}CONNECT_CLIENT_ID"] = made[mode]["client_id"]
        settings.ENGAGE_STRIPE[f"{prefix}PLATFORM_KEY"] = made[mode]["secret_key"]
    return made


def start(client: Client, mode: str = "test") -> dict[str, str]:
    """Press the button; the query of Stripe's consent page."""
    answer = client.post(f"{PAGE}connect/", {"mode": mode})
    assert answer.status_code == 302
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def consent(sandbox: Sandbox, query: dict[str, str], account: str = "", decision: str = "approve") -> str:
    """What the account's owner does at Stripe; the address that Stripe sends the browser back to."""
    form = {**query, "decision": decision, "account": account}
    answer = httpx.post(f"{sandbox.url}/oauth/authorize", data=form)
    assert answer.status_code == 302
    where = urlsplit(answer.headers["Location"])
    return f"{where.path}?{where.query}"


def connect(client: Client, sandbox: Sandbox, account: StripeAccount, mode: str = "test") -> Connection:
    answer = client.get(consent(sandbox, start(client, mode), account.id))
    assert answer.status_code == 302, answer.content.decode()
    return Connection.objects.get(stripe_account_id=account.id)


def refused(client: Client, address: str, words: str) -> None:
    """The callback fails with its own text, leads on, and connects nothing."""
    answer = client.get(address)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert words in page
    assert "Use an API key instead" in page
    assert not Connection.objects.filter(status=Connection.Status.ACTIVE).exists()


def test_it_connects_an_account_and_shows_its_name_and_id(
    tenant: Tenant, sandbox: Sandbox, platforms: Platforms, stripe_account: StripeAccount
) -> None:
    client = tenant.client()
    connection = connect(client, sandbox, stripe_account)
    assert connection.status == Connection.Status.ACTIVE
    assert connection.method == Connection.Method.CONNECT
    assert not connection.api_key
    page = client.get(f"{PAGE}?mode=test").content.decode()
    assert stripe_account.id in page
    assert connection.display_name
    assert connection.display_name in page


def test_it_calls_with_the_platform_s_key_on_the_account(
    tenant: Tenant, sandbox: Sandbox, platforms: Platforms, stripe_account: StripeAccount
) -> None:
    stripe_account.client.v1.customers.create({"email": "mine@example.com"})
    connection = connect(tenant.client(), sandbox, stripe_account)
    page = StripeGateway(connection).customers.page()
    assert [customer["email"] for customer in page.items] == ["mine@example.com"]


def test_it_says_when_the_admin_declined(tenant: Tenant, sandbox: Sandbox, platforms: Platforms) -> None:
    client = tenant.client()
    refused(client, consent(sandbox, start(client), decision="deny"), "You declined at Stripe")


def test_it_says_when_it_took_too_long(
    tenant: Tenant, sandbox: Sandbox, platforms: Platforms, stripe_account: StripeAccount
) -> None:
    client = tenant.client()
    address = consent(sandbox, start(client), stripe_account.id)
    OAuthAttempt.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    refused(client, address, "That took too long")


def test_it_takes_an_answer_once(
    tenant: Tenant, sandbox: Sandbox, platforms: Platforms, stripe_account: StripeAccount
) -> None:
    client = tenant.client()
    address = consent(sandbox, start(client), stripe_account.id)
    assert client.get(address).status_code == 302
    answer = client.get(address)
    assert answer.status_code == 400
    assert "This link was used already" in answer.content.decode()


@pytest.mark.parametrize("tamper", [lambda state: state[:-1] + "x", lambda _: ""])
def test_it_ignores_a_state_that_it_never_gave(
    tenant: Tenant,
    sandbox: Sandbox,
    platforms: Platforms,
    stripe_account: StripeAccount,
    tamper: Callable[[str], str],
) -> None:
    client = tenant.client()
    query = start(client)
    address = consent(sandbox, query, stripe_account.id).replace(query["state"], tamper(query["state"]))
    refused(client, address, "This was not started here")


def test_it_ignores_an_answer_in_another_session(
    tenant: Tenant, sandbox: Sandbox, platforms: Platforms, stripe_account: StripeAccount
) -> None:
    address = consent(sandbox, start(tenant.client()), stripe_account.id)
    refused(tenant.client(), address, "This was started elsewhere")


def test_it_ignores_an_answer_for_another_app(
    tenant: Tenant, sandbox: Sandbox, platforms: Platforms, stripe_account: StripeAccount
) -> None:
    client = tenant.client()
    address = consent(sandbox, start(client), stripe_account.id)
    OAuthAttempt.objects.update(app_id=make_app().id)
    refused(client, address, "This was started for another App")


def test_it_says_when_the_modes_do_not_match(
    tenant: Tenant, sandbox: Sandbox, platforms: Platforms, stripe_account: StripeAccount
) -> None:
    client = tenant.client()
    live_query = {**start(client), "client_id": platforms["live"]["client_id"]}
    refused(client, consent(sandbox, live_query), "Stripe connected the other mode")


def test_it_says_when_the_code_is_no_good(tenant: Tenant, platforms: Platforms) -> None:
    client = tenant.client()
    refused(client, f"{PAGE}connect/callback/?code=ac_nothing&state={start(client)['state']}", "no longer valid")


def test_it_passes_on_that_another_platform_controls_the_account(tenant: Tenant, platforms: Platforms) -> None:
    client = tenant.client()
    said = "This account is controlled by another platform."
    address = (
        f"{PAGE}connect/callback/?error=invalid_request&error_description={said}&state={start(client)['state']}"
    )
    refused(client, address, "Another platform controls this account")


def test_it_says_when_stripe_granted_reading_only(
    tenant: Tenant, sandbox: Sandbox, platforms: Platforms, stripe_account: StripeAccount
) -> None:
    client = tenant.client()
    query = {**start(client), "scope": "read_only"}
    refused(client, consent(sandbox, query, stripe_account.id), "Stripe granted reading only")


def test_it_passes_on_any_other_refusal(tenant: Tenant, platforms: Platforms) -> None:
    client = tenant.client()
    address = f"{PAGE}connect/callback/?error=invalid_scope&error_description=Not+today.&state="
    refused(client, address + start(client)["state"], "Not today.")


def test_it_says_when_connect_is_not_set_up(tenant: Tenant) -> None:
    answer = tenant.client().post(f"{PAGE}connect/", {"mode": "live"})
    assert answer.status_code == 400
    assert "Stripe Connect is not available" in answer.content.decode()


def test_it_keeps_one_platform_endpoint_with_exactly_our_events(
    tenant: Tenant, sandbox: Sandbox, platforms: Platforms, stripe_account: StripeAccount
) -> None:
    connect(tenant.client(), sandbox, stripe_account)
    connect(make_app().client(), sandbox, sandbox.open_account())
    endpoints = sandbox.client(platforms["test"]["secret_key"]).v1.webhook_endpoints.list().data
    assert [endpoint.id for endpoint in endpoints] == [PlatformEndpoint.objects.get().webhook_endpoint_id]


def test_it_repairs_the_platform_endpoint_from_the_page(
    tenant: Tenant, sandbox: Sandbox, platforms: Platforms, stripe_account: StripeAccount
) -> None:
    client = tenant.client()
    connection = connect(client, sandbox, stripe_account)
    stripe = sandbox.client(platforms["test"]["secret_key"]).v1
    endpoint = PlatformEndpoint.objects.get().webhook_endpoint_id
    stripe.webhook_endpoints.update(endpoint, {"disabled": True})
    answer = client.post(f"{PAGE}{connection.pk}/repair/", follow=True)
    assert "Last repaired" in answer.content.decode()
    assert "It is disabled at Stripe." in answer.content.decode()
    assert stripe.webhook_endpoints.retrieve(endpoint).status == "enabled"


def test_it_disconnects_at_stripe_too_and_continues_afterwards(
    tenant: Tenant, sandbox: Sandbox, platforms: Platforms, stripe_account: StripeAccount
) -> None:
    client = tenant.client()
    connection = connect(client, sandbox, stripe_account)
    client.post(f"{PAGE}{connection.pk}/disconnect/")
    connection.refresh_from_db()
    assert connection.status == Connection.Status.REVOKED
    gone = sandbox.client(platforms["test"]["secret_key"], stripe_account=stripe_account.id)
    with pytest.raises(Exception, match="does not have access"):
        gone.v1.customers.list()
    assert connect(client, sandbox, stripe_account).pk == connection.pk


def test_it_leaves_the_account_connected_while_another_app_uses_it(
    tenant: Tenant, sandbox: Sandbox, platforms: Platforms, stripe_account: StripeAccount
) -> None:
    first = connect(tenant.client(), sandbox, stripe_account)
    other = make_app()
    client = other.client()
    client.get(consent(sandbox, start(client), stripe_account.id))
    second = Connection.objects.get(app_id=other.id)
    disconnect(connection=first, actor=ALICE)
    assert StripeGateway(second).retrieve_own_account().data["id"] == stripe_account.id


def test_it_takes_a_deauthorization_from_the_other_side(
    tenant: Tenant, sandbox: Sandbox, platforms: Platforms, stripe_account: StripeAccount
) -> None:
    connection = connect(tenant.client(), sandbox, stripe_account)
    now = int(time.time()) + 1
    assert handle_deauthorization(stripe_account_id=stripe_account.id, livemode=True, at=now) == 0
    assert handle_deauthorization(stripe_account_id=stripe_account.id, livemode=False, at=now) == 1
    connection.refresh_from_db()
    assert connection.status == Connection.Status.REVOKED
    assert AuditEntry.objects.filter(action="disconnected", actor="Stripe").exists()


def test_it_ignores_a_late_deauthorization_after_reconnecting(
    tenant: Tenant, sandbox: Sandbox, platforms: Platforms, stripe_account: StripeAccount
) -> None:
    connection = connect(tenant.client(), sandbox, stripe_account)
    before = int(time.time()) - 60
    assert handle_deauthorization(stripe_account_id=stripe_account.id, livemode=False, at=before) == 0
    connection.refresh_from_db()
    assert connection.status == Connection.Status.ACTIVE


def test_it_has_live_and_test_side_by_side(
    tenant: Tenant, sandbox: Sandbox, platforms: Platforms, stripe_account: StripeAccount
) -> None:
    client = tenant.client()
    connect(client, sandbox, stripe_account)
    connect(client, sandbox, sandbox.open_account(livemode=True), "live")
    serving = selectors.serving_connection(app_id=tenant.id)
    assert serving is not None
    assert serving.livemode
    page = client.get(PAGE).content.decode()
    assert "Live mode · Active" in page
    assert "Test mode · Active" in page


def test_it_does_not_mix_a_key_and_connect_in_one_mode(
    tenant: Tenant, sandbox: Sandbox, platforms: Platforms, stripe_account: StripeAccount
) -> None:
    client = tenant.client()
    key = stripe_account.restricted_key(REQUIRED)
    client.post(PAGE, {"api_key": key, "signing_secret": "", "schedule_time": "02:00", "active": "on"})
    answer = client.get(consent(sandbox, start(client), stripe_account.id))
    assert "This App is connected already" in answer.content.decode()
    assert Connection.objects.get().method == Connection.Method.API_KEY
    given_back = sandbox.client(platforms["test"]["secret_key"], stripe_account=stripe_account.id)
    with pytest.raises(Exception, match="does not have access"):
        given_back.v1.customers.list()


def test_it_forgets_old_attempts(tenant: Tenant, platforms: Platforms) -> None:
    client = tenant.client()
    start(client)
    OAuthAttempt.objects.update(expires_at=timezone.now() - timedelta(days=2))
    start(client)
    forget_old_attempts()
    assert OAuthAttempt.objects.count() == 1
