"""The connection page as browsers get it, over HTTP to the sandbox."""

import re
import uuid

import pytest
from django.test import Client

from connector.crypto import Secret
from connector.host import Role
from connector.models import AuditEntry, Connection
from connector.permissions import PERMISSIONS
from connector.webhook_endpoints import connection_url
from tests.connector.conftest import REQUIRED
from tests.factories import Tenant, make_app, make_connection
from tests.sandbox_process import Sandbox, StripeAccount

PAGE = "/settings/actions/stripe/"


def form(**fields: str) -> dict[str, str]:
    return {"api_key": "", "signing_secret": "", "schedule_time": "02:00", "active": "on", **fields}


def text_of(client: Client, address: str = PAGE) -> str:
    return re.sub(r"\s+", " ", client.get(address).content.decode())


@pytest.mark.parametrize("role", [Role.COMPANY_ADMIN, Role.APP_ADMIN])
def test_it_shows_admins_how_to_connect(tenant: Tenant, role: Role) -> None:
    page = text_of(tenant.client(role))
    for permission in PERMISSIONS:
        assert permission.resource in page
    assert "https://dashboard.stripe.com/apikeys/create?name=" in page
    assert "permissions%5B%5D=rak_customer_write" in page


def test_it_goes_from_a_pasted_key_to_an_active_connection(tenant: Tenant, stripe_account: StripeAccount) -> None:
    client = tenant.client()
    key = stripe_account.restricted_key(REQUIRED)
    answer = client.post(PAGE, form(api_key=key, signing_secret="whsec_abcdefghijkl", schedule_time="03:30"))
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{PAGE}?mode=test"
    connection = Connection.objects.get(app_id=tenant.id)
    assert connection.status == Connection.Status.ACTIVE
    assert connection.webhook_secret == Secret("whsec_abcdefghijkl")
    assert connection.schedule_time.hour == 3
    page = text_of(client, answer.headers["Location"])
    assert stripe_account.id in page
    assert connection.api_key_hint in page
    assert key not in page
    assert "whsec_abcdefghijkl" not in page


def test_it_says_what_to_tick_when_a_required_permission_is_missing(
    tenant: Tenant, stripe_account: StripeAccount
) -> None:
    client = tenant.client()
    client.post(PAGE, form(api_key=stripe_account.restricted_key(REQUIRED[:-1])))
    page = text_of(client, f"{PAGE}?mode=test")
    assert "Promotion Codes → Read" in page
    assert "rak_promotion_code_read" in page
    assert "Everything works" not in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"api_key": "pk_test_abcdefgh1234"}, "publishable key"),
        ({"api_key": "hello"}, "not a Stripe API key"),
        ({"api_key": ""}, "This field is required"),
        ({"api_key": "rk_test_abcdefgh1234", "mode": "live"}, "test-mode key"),
        ({"api_key": "rk_test_abcdefgh1234", "signing_secret": "secret"}, "not a webhook signing secret"),
    ],
)
def test_it_refuses_bad_input_with_the_reason(tenant: Tenant, fields: dict[str, str], words: str) -> None:
    answer = tenant.client().post(PAGE, form(**fields))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Connection.objects.exists()


@pytest.mark.parametrize(("state", "words"), [("revoke", "wrong or was revoked"), ("expire", "has expired")])
def test_it_refuses_a_dead_key_with_the_reason(
    tenant: Tenant, sandbox: Sandbox, stripe_account: StripeAccount, state: str, words: str
) -> None:
    key = stripe_account.restricted_key(REQUIRED)
    sandbox.admin("POST", f"keys/{key}/{state}")
    answer = tenant.client().post(PAGE, form(api_key=key))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert key not in answer.content.decode()
    assert not Connection.objects.exists()


def test_it_switches_off_and_on_and_keeps_the_key(tenant: Tenant, stripe_account: StripeAccount) -> None:
    client = tenant.client()
    client.post(PAGE, form(api_key=stripe_account.restricted_key(REQUIRED)))
    off = form()
    del off["active"]
    client.post(f"{PAGE}?mode=test", off)
    assert Connection.objects.get().status == Connection.Status.INACTIVE
    client.post(f"{PAGE}?mode=test", form())
    connection = Connection.objects.get()
    assert connection.status == Connection.Status.ACTIVE
    assert connection.api_key


def test_it_creates_the_webhook_endpoint_where_the_key_may(tenant: Tenant, stripe_account: StripeAccount) -> None:
    client = tenant.client()
    client.post(PAGE, form(api_key=stripe_account.restricted_key([*REQUIRED, "webhook_write"])))
    connection = Connection.objects.get()
    for _ in range(2):
        client.post(f"{PAGE}{connection.pk}/endpoint/")
    connection.refresh_from_db()
    endpoints = stripe_account.client.v1.webhook_endpoints.list().data
    assert [endpoint.id for endpoint in endpoints] == [connection.webhook_endpoint_id]
    assert endpoints[0].url.endswith(f"/webhooks/stripe/{connection.pk}/")
    assert connection.webhook_secret
    assert len(connection.accepted_secrets()) == 2


def test_it_keeps_an_endpoint_for_each_app_of_the_account(stripe_account: StripeAccount, db: None) -> None:
    key = stripe_account.restricted_key([*REQUIRED, "webhook_write"])
    urls = set()
    for name in ("Shop", "Blog"):
        tenant = make_app(company="Acme", name=name)
        client = tenant.client()
        client.post(PAGE, form(api_key=key))
        connection = Connection.objects.get(app_id=tenant.id)
        client.post(f"{PAGE}{connection.pk}/endpoint/")
        urls.add(connection_url(connection))
    assert "The same Stripe account is connected to Shop. Both receive its events." in text_of(client)
    assert {endpoint.url for endpoint in stripe_account.client.v1.webhook_endpoints.list().data} == urls
    assert len(urls) == 2


def test_it_leaves_an_audit_entry_of_every_change(tenant: Tenant, stripe_account: StripeAccount) -> None:
    client = tenant.client()
    key = stripe_account.restricted_key([*REQUIRED, "webhook_write"])
    client.post(PAGE, form(api_key=key, signing_secret="whsec_abcdefghijkl", schedule_time="03:30"))
    page = f"{PAGE}{Connection.objects.get().pk}/"
    off = form(schedule_time="03:30")
    del off["active"]
    client.post(f"{PAGE}?mode=test", off)
    for path in ("endpoint/", "test-event/", "disconnect/"):
        client.post(page + path)
    entries = AuditEntry.objects.filter(app_id=tenant.id)
    assert {entry.action for entry in entries} == {
        "key_saved",
        "status_changed",
        "signing_secret_saved",
        "schedule_saved",
        "switched",
        "endpoint_created",
        "test_event_sent",
        "disconnected",
    }
    assert {entry.origin for entry in entries} == {"127.0.0.1"}
    assert len({entry.actor for entry in entries}) == 1
    assert all(key not in entry.summary for entry in entries)


def test_it_tells_that_a_test_event_has_not_come_yet(tenant: Tenant, stripe_account: StripeAccount) -> None:
    client = tenant.client()
    client.post(PAGE, form(api_key=stripe_account.restricted_key(REQUIRED)))
    connection = Connection.objects.get()
    page = client.post(f"{PAGE}{connection.pk}/test-event/").content.decode()
    assert "Waiting for Stripe" in page
    assert stripe_account.client.v1.customers.list().data == []
    Connection.objects.update(last_event_at=Connection.objects.get().webhook_check_started_at)
    assert "Events arrive" in text_of(client, f"{PAGE}{connection.pk}/test-event/")


def test_it_says_what_disconnecting_stops_and_then_does_it(tenant: Tenant, stripe_account: StripeAccount) -> None:
    client = tenant.client()
    client.post(PAGE, form(api_key=stripe_account.restricted_key(REQUIRED)))
    connection = Connection.objects.get()
    address = f"{PAGE}{connection.pk}/disconnect/"
    assert "1-Click actions of prompts no longer run" in text_of(client, address)
    client.post(address)
    connection.refresh_from_db()
    assert connection.status == Connection.Status.REVOKED
    assert not connection.api_key
    assert AuditEntry.objects.filter(app_id=tenant.id, action="disconnected").count() == 1


def test_it_continues_the_same_connection_after_reconnecting(
    tenant: Tenant, stripe_account: StripeAccount
) -> None:
    client = tenant.client()
    key = stripe_account.restricted_key(REQUIRED)
    client.post(PAGE, form(api_key=key))
    before = Connection.objects.get()
    client.post(f"{PAGE}{before.pk}/disconnect/")
    client.post(PAGE, form(api_key=key))
    assert Connection.objects.get().pk == before.pk
    assert Connection.objects.get().status == Connection.Status.ACTIVE


def test_it_is_not_green_before_every_kind_of_data_came(tenant: Tenant) -> None:
    make_connection(app_id=tenant.id)
    page = text_of(tenant.client())
    assert "Everything works" not in page
    assert "No event has arrived" in page


def test_it_answers_the_api_with_this_app_s_connections_only(tenant: Tenant) -> None:
    mine = make_connection(app_id=tenant.id)
    make_connection(app_id=make_app().id)
    answer = Client().get("/api/v1/connection/", headers=tenant.api_headers)
    assert answer.status_code == 200
    body = answer.json()
    assert body["serving"] == str(mine.pk)
    assert [row["connection_id"] for row in body["connections"]] == [str(mine.pk)]
    assert body["connections"][0]["healthy"] is False


def test_it_refuses_the_api_without_a_key(db: None) -> None:
    answer = Client().get("/api/v1/connection/")
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "not_authenticated"


def test_it_has_no_page_for_an_unknown_connection(tenant: Tenant) -> None:
    assert tenant.client().post(f"{PAGE}{uuid.uuid4()}/check/").status_code == 404


def test_it_refuses_a_key_of_the_other_mode_in_place_of_this_one(
    tenant: Tenant, sandbox: Sandbox, stripe_account: StripeAccount
) -> None:
    client = tenant.client()
    client.post(PAGE, form(api_key=stripe_account.restricted_key(REQUIRED)))
    live = sandbox.open_account(livemode=True).restricted_key(REQUIRED)
    answer = client.post(f"{PAGE}?mode=test", form(api_key=live))
    assert answer.status_code == 422
    assert "this is the form for test mode" in answer.content.decode()
    assert Connection.objects.count() == 1
