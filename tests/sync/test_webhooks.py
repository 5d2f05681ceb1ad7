"""The webhook views: what is stored, what is refused, and what is only counted."""

import json
import time
import uuid
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.crypto import Secret
from connector.models import Connection, PlatformEndpoint
from sync import inbox, receivers
from sync.models import RefreshRequest, StripeEvent
from sync.webhooks import BODY_LIMIT
from tests.factories import make_connection
from tests.sync import stripe_shapes as shapes
from tests.sync.webhook_requests import deliver, post, sign

pytestmark = pytest.mark.django_db
CONNECT_URL = "/webhooks/stripe/connect/"


@pytest.fixture(autouse=True)
def _forgetful() -> None:
    receivers.forget()


@pytest.fixture
def connection() -> Connection:
    return make_connection()


def url(connection: Connection) -> str:
    return reverse("stripe_sync:webhook_connection", kwargs={"connection_id": connection.id})


def body_of(**fields: Any) -> bytes:
    return json.dumps(shapes.event("customer.created", shapes.customer(), **fields)).encode()


def outcome(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["outcome"]


def test_it_stores_a_signed_event(connection: Connection) -> None:
    body = body_of()
    assert outcome(post(url(connection), body, sign(body, connection.webhook_secret))) == (200, "stored")
    event = StripeEvent.objects.get(connection=connection)
    assert (event.type, event.state, event.payload) == ("customer.created", "received", json.loads(body))


def test_it_costs_one_statement(connection: Connection, django_assert_num_queries: Any) -> None:
    deliver(connection, shapes.event("customer.created", shapes.customer()))
    with django_assert_num_queries(1):
        deliver(connection, shapes.event("customer.updated", shapes.customer()))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "malformed_signature"),
        ("t=1", "malformed_signature"),
        ("t=x,v1=ab", "malformed_signature"),
        ("t=1,v0=ab", "malformed_signature"),
        (f"t={{now}},v1={'0' * 64}", "wrong_signature"),
        ("t={now},v1=é", "wrong_signature"),
    ],
)
def test_it_refuses_a_bad_signature(connection: Connection, header: str, expected: str) -> None:
    answer = Client().post(
        url(connection),
        body_of(),
        content_type="application/json",
        HTTP_STRIPE_SIGNATURE=header.format(now=int(time.time())),
    )
    assert outcome(answer) == (400, expected)
    assert not StripeEvent.objects.filter(connection=connection).exists()


def test_it_refuses_a_stale_or_altered_request(connection: Connection) -> None:
    body = body_of()
    stale = sign(body, connection.webhook_secret, at=time.time() - 301)
    assert outcome(post(url(connection), body, stale)) == (400, "stale_signature")
    fresh = sign(body, connection.webhook_secret)
    assert outcome(post(url(connection), body + b" ", fresh)) == (400, "wrong_signature")


def test_it_accepts_any_of_several_signatures_and_both_secrets_while_one_rolls(connection: Connection) -> None:
    Connection.objects.filter(id=connection.id).update(
        previous_webhook_secret=Secret("whsec_former"),
        previous_webhook_secret_expires_at=timezone.now() + timezone.timedelta(hours=1),
    )
    for signers in (("whsec_other", "whsec_former"), (connection.webhook_secret.reveal(),)):
        body = body_of()
        header = sign(body, *map(Secret, signers))
        assert outcome(post(url(connection), body, header)) == (200, "stored")

    Connection.objects.filter(id=connection.id).update(previous_webhook_secret_expires_at=timezone.now())
    receivers.forget()
    body = body_of()
    assert outcome(post(url(connection), body, sign(body, Secret("whsec_former"))))[0] == 400


def test_it_learns_a_new_secret_at_once(connection: Connection) -> None:
    deliver(connection, shapes.event("customer.created", shapes.customer()))
    Connection.objects.filter(id=connection.id).update(webhook_secret=Secret("whsec_new"))
    body = body_of()
    assert outcome(post(url(connection), body, sign(body, Secret("whsec_new")))) == (200, "stored")


def test_it_does_not_know_an_unknown_address() -> None:
    body = body_of()
    answer = post(f"/webhooks/stripe/{uuid.uuid4()}/", body, sign(body, Secret("whsec_x")))
    assert outcome(answer) == (404, "unknown_connection")


def test_it_refuses_more_than_a_mebibyte(connection: Connection) -> None:
    body = body_of(padding="x" * BODY_LIMIT)
    assert outcome(post(url(connection), body, sign(body, connection.webhook_secret))) == (413, "too_large")


@pytest.mark.parametrize("declared", ["²", "-1", "9" * 5000])
def test_it_survives_any_declared_length(connection: Connection, declared: str) -> None:
    body = body_of()
    headers = {"Stripe-Signature": sign(body, connection.webhook_secret), "Content-Length": declared}
    answer = Client().post(url(connection), body, content_type="application/json", headers=headers)
    assert answer.status_code in {200, 400, 413}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"livemode": True}, "wrong_mode"),
        ({"account": "acct_somebody_else"}, "foreign_account"),
        ({"type": "charge.succeeded"}, "unknown_type"),
    ],
)
def test_it_counts_and_ignores_what_is_not_for_us(
    connection: Connection, fields: dict[str, Any], expected: str
) -> None:
    event = shapes.event("customer.created", shapes.customer()) | fields
    assert deliver(connection, event) == [expected]
    assert not StripeEvent.objects.filter(connection=connection).exists()


def test_it_ignores_events_for_a_connection_that_is_switched_off(connection: Connection) -> None:
    Connection.objects.filter(id=connection.id).update(status=Connection.Status.INACTIVE)
    assert deliver(connection, shapes.event("customer.created", shapes.customer())) == ["inactive_connection"]


def test_it_fans_an_account_out_to_every_app_that_is_connected_to_it() -> None:
    secret = Secret("whsec_platform")
    PlatformEndpoint.objects.create(livemode=False, webhook_secret=secret)
    fields = {"method": Connection.Method.CONNECT, "stripe_account_id": "acct_shared"}
    first, second = make_connection(**fields), make_connection(**fields)
    make_connection(**fields, livemode=True)

    body = body_of(account="acct_shared")
    assert outcome(post(CONNECT_URL, body, sign(body, secret))) == (200, "stored")
    assert outcome(post(CONNECT_URL, body, sign(body, secret))) == (200, "duplicate")
    stored = StripeEvent.objects.filter(event_id=json.loads(body)["id"])
    assert {event.connection_id for event in stored} == {first.id, second.id}

    for account, expected in (("acct_nobody", "foreign_account"), (None, "foreign_account")):
        body = body_of(account=account)
        assert outcome(post(CONNECT_URL, body, sign(body, secret))) == (200, expected)


def test_it_takes_an_event_for_each_app_that_has_a_key_of_the_account() -> None:
    event = shapes.event("customer.created", shapes.customer(), account="acct_shared")
    for connection in (make_connection(stripe_account_id="acct_shared") for _ in range(2)):
        assert deliver(connection, event) == ["stored"]
    assert StripeEvent.objects.filter(event_id=event["id"]).count() == 2


def test_it_recognises_the_other_mode_on_the_connect_endpoint() -> None:
    secret = Secret("whsec_platform")
    PlatformEndpoint.objects.create(livemode=True, webhook_secret=secret)
    make_connection(method=Connection.Method.CONNECT, stripe_account_id="acct_live", livemode=True)
    body = body_of(account="acct_live", livemode=False)
    assert outcome(post(CONNECT_URL, body, sign(body, secret))) == (200, "wrong_mode")


def test_it_turns_a_thin_event_into_a_refresh(connection: Connection) -> None:
    """https://docs.stripe.com/api/v2/core/events/object"""
    event = {
        "id": "evt_thin",
        "object": "v2.core.event",
        "type": "v1.customer.updated",
        "created": "2026-11-22T10:00:00.000Z",
        "livemode": False,
        "related_object": {"id": "cus_1", "type": "customer", "url": "/v1/customers/cus_1"},
    }
    assert deliver(connection, event) == ["stored"]
    inbox.drain()
    request = RefreshRequest.objects.get(connection=connection)
    assert (request.object_type, request.stripe_id) == ("customer", "cus_1")


def test_it_stores_what_no_text_column_can_hold(connection: Connection) -> None:
    event = shapes.event("customer.created", shapes.customer(name="a\0b\ud800", email="x\0@example.com"))
    assert deliver(connection, event) == ["stored"]
    inbox.drain()
    assert StripeEvent.objects.get(connection=connection).state == "applied"


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def _mutated_events(draw: st.DrawFn) -> bytes:
    """A real event of which some fields hold anything."""
    data = draw(st.sampled_from((shapes.subscription(), shapes.customer(), shapes.payment_method())))
    event_type = draw(st.sampled_from(("customer.subscription.updated", "customer.updated", "invoice.paid")))
    event = json.loads(json.dumps(shapes.event(event_type, data)))
    for _ in range(draw(st.integers(0, 3))):
        holder: Any = event
        while isinstance(holder, dict) and holder:
            key = draw(st.sampled_from(sorted(holder)))
            if not isinstance(holder[key], dict) or draw(st.booleans()):
                holder[key] = draw(_json)
                break
            holder = holder[key]
    return draw(
        st.sampled_from((json.dumps(event).encode(), json.dumps(event).encode()[: draw(st.integers(0, 200))]))
    )


@pytest.mark.fuzz
@pytest.mark.timeout(0)
@settings(max_examples=max(150, settings.default.max_examples))
@given(body=_mutated_events() | st.binary(max_size=50))
def test_it_never_fails_whatever_is_signed(body: bytes) -> None:
    connection = make_connection()
    with transaction.atomic():
        answer = post(url(connection), body, sign(body, connection.webhook_secret))
        transaction.set_rollback(answer.status_code == 400)
    assert answer.status_code in {200, 400}
    inbox.drain()
    for event in StripeEvent.objects.filter(connection=connection):
        assert event.state in {"applied", "ignored", "received"}
