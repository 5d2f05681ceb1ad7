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
from tests.sync.model_stripe import events_of_every_kind
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
    assert (event.type, event.state, event.payload) == ("customer.created", "received", body.decode())


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


def test_it_verifies_before_it_parses(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    def parse(*_: Any, **__: Any) -> None:
        raise AssertionError("parsed")

    monkeypatch.setattr("sync.webhooks._parse", parse)
    body = body_of()
    assert outcome(post(url(connection), body, sign(body, Secret("whsec_other")))) == (400, "wrong_signature")


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


def test_it_reaches_an_app_that_connects_right_after_an_event(django_assert_num_queries: Any) -> None:
    """The account was known to another App before; nothing about it may be remembered."""
    secret = Secret("whsec_platform")
    PlatformEndpoint.objects.create(livemode=False, webhook_secret=secret)
    fields = {"method": Connection.Method.CONNECT, "stripe_account_id": "acct_shared"}
    first = make_connection(**fields)
    body = body_of(account="acct_shared")
    assert outcome(post(CONNECT_URL, body, sign(body, secret))) == (200, "stored")
    second = make_connection(**fields)
    Connection.objects.filter(id=first.id).update(status=Connection.Status.REVOKED)

    body = body_of(account="acct_shared")
    with django_assert_num_queries(1):
        assert outcome(post(CONNECT_URL, body, sign(body, secret))) == (200, "stored")
    event_id = json.loads(body)["id"]
    assert [event.connection_id for event in StripeEvent.objects.filter(event_id=event_id)] == [second.id]

    for account in ("acct_nobody", "acct_shared"):
        body = body_of(account=account, livemode=True)
        with django_assert_num_queries(1):
            expected = "wrong_mode" if account == "acct_shared" else "foreign_account"
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


def thin(event_type: str, **fields: Any) -> dict[str, Any]:
    """https://docs.stripe.com/api/v2/core/events/object"""
    return {
        "id": f"evt_thin_{uuid.uuid4().hex}",
        "object": "v2.core.event",
        "type": event_type,
        "created": "2026-11-22T10:00:00.000Z",
        "livemode": False,
        **fields,
    }


@pytest.mark.parametrize(
    ("event_type", "related", "asked"),
    [
        ("customer.updated", {"id": "cus_1", "type": "customer", "url": "/v1/customers/cus_1"}, ("customer", "cus_1")),
        ("customer.subscription.item_added", {"id": "sub_1", "type": "subscription"}, ("subscription", "sub_1")),
        ("payment_method.attached", {"id": "pm_1", "type": "payment_method"}, ("payment_method", "pm_1")),
        ("invoice.payment_failed", {"id": "in_1", "type": "invoice"}, ("invoice", "in_1")),
        ("customer.discount.created", {"type": "discount", "url": "/v1/customers/cus_1/discount"},
         ("customer", "cus_1")),
        ("customer.discount.deleted", {"type": "discount", "url": "/v1/subscriptions/sub_1/discount"},
         ("subscription", "sub_1")),
        ("customer.source.updated", {"id": "card_1", "type": "card", "url": "/v1/customers/cus_1/sources/card_1"},
         ("customer", "cus_1")),
        ("price.activated", {"id": "price_1", "type": "price"}, ("price", "price_1")),
        ("plan.updated", {"id": "price_1", "type": "plan"}, ("price", "price_1")),
        ("product.updated", {"id": "prod_1", "type": "product"}, ("product", "prod_1")),
        ("coupon.updated", {"id": "VIP", "type": "coupon"}, ("coupon", "VIP")),
        ("promotion_code.fully_redeemed", {"id": "promo_1", "type": "promotion_code"},
         ("promotion_code", "promo_1")),
    ],
)  # fmt: skip
def test_it_turns_a_thin_event_into_a_refresh(
    connection: Connection, event_type: str, related: dict[str, str], asked: tuple[str, str]
) -> None:
    event = thin(f"v1.{event_type}", related_object=related)
    assert deliver(connection, event) == ["stored"]
    inbox.drain()
    request = RefreshRequest.objects.get(connection=connection)
    assert (request.object_type, request.stripe_id) == asked


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        (None, "stored"),
        ("acct_mine", "stored"),
        ("org_1/acct_mine", "stored"),
        ("acct_other", "foreign_account"),
        ("acct_mine/acct_other", "foreign_account"),
        (7, "foreign_account"),
    ],
)
@pytest.mark.parametrize("method", Connection.Method.values)
def test_it_checks_the_context_of_a_thin_event(context: Any, expected: str, method: str) -> None:
    secret = Secret("whsec_platform")
    PlatformEndpoint.objects.create(livemode=False, webhook_secret=secret)
    connection = make_connection(stripe_account_id="acct_mine", method=method)
    related = {"id": "cus_1", "type": "customer", "url": "/v1/customers/cus_1"}
    event = thin("v1.customer.updated", context=context, related_object=related)
    if method == Connection.Method.API_KEY:
        assert deliver(connection, event) == [expected]
    elif context is not None:
        body = json.dumps(event).encode()
        assert outcome(post(CONNECT_URL, body, sign(body, secret))) == (200, expected)


def test_it_hears_of_a_deauthorization_by_a_thin_event() -> None:
    secret = Secret("whsec_platform")
    PlatformEndpoint.objects.create(livemode=False, webhook_secret=secret)
    connection = make_connection(stripe_account_id="acct_mine", method=Connection.Method.CONNECT)
    created = timezone.now() + timezone.timedelta(seconds=5)  # after the connection was made
    event = thin(
        "v1.account.application.deauthorized",
        context="acct_mine",
        related_object=None,
        created=created.isoformat(),
    )
    body = json.dumps(event).encode()
    assert outcome(post(CONNECT_URL, body, sign(body, secret))) == (200, "stored")
    inbox.drain()
    connection.refresh_from_db()
    assert connection.status == Connection.Status.REVOKED


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


_CUSTOMER = {"id": "cus_1", "type": "customer", "url": "/v1/customers/cus_1"}
_REAL = [*events_of_every_kind(), thin("v1.customer.updated", related_object=_CUSTOMER, context="acct_1")]


@st.composite
def _mutated_events(draw: st.DrawFn) -> bytes:
    """A real event of which some fields hold anything; a snapshot in some version, or a thin one."""
    event = json.loads(json.dumps({"account": "acct_1"} | draw(st.sampled_from(_REAL))))
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
@given(body=_mutated_events() | st.binary(max_size=50), at_connect=st.booleans())
def test_it_never_fails_whatever_is_signed(body: bytes, at_connect: bool) -> None:
    method = Connection.Method.CONNECT if at_connect else Connection.Method.API_KEY
    connection = make_connection(method=method, stripe_account_id="acct_1")
    address = CONNECT_URL if at_connect else url(connection)
    if at_connect:
        PlatformEndpoint.objects.update_or_create(
            livemode=False, defaults={"webhook_secret": connection.webhook_secret}
        )
    with transaction.atomic():
        answer = post(address, body, sign(body, connection.webhook_secret))
        transaction.set_rollback(answer.status_code == 400)
    assert answer.status_code in {200, 400}
    inbox.drain()
    for event in StripeEvent.objects.filter(connection=connection):
        assert event.state in {"applied", "ignored", "received"}
