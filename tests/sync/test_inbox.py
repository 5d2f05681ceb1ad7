"""From a delivered event to the traits."""

from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from connector.models import Connection
from sync import inbox
from sync.models import Identity, RefreshRequest, StripeEvent, UserTraits
from sync.observations import apply_objects
from sync.tasks import drain_inbox
from tests.factories import make_connection
from tests.sync import stripe_shapes as shapes
from tests.sync.webhook_requests import deliver

pytestmark = pytest.mark.django_db
BEFORE = 2 * (shapes.NOW - 1000) + 1


@pytest.fixture
def connection() -> Connection:
    connection = make_connection(permissions={"rak_payment_method_read": {"state": "granted"}})
    Identity.objects.create(app_id=connection.app_id, user_id="ada", stripe_id="cus_1")
    known = [shapes.customer(), shapes.product(), shapes.coupon()]
    apply_objects(connection=connection, objects=known, rank=BEFORE, source={})
    return connection


def traits_of(connection: Connection) -> UserTraits:
    return UserTraits.objects.get(app_id=connection.app_id, user_id="ada")


def test_it_turns_events_into_traits_in_any_order(connection: Connection) -> None:
    created = shapes.event("customer.subscription.created", shapes.subscription(status="trialing"))
    updated = shapes.event(
        "customer.subscription.updated", shapes.subscription(status="active"), created=shapes.NOW + 5
    )

    assert deliver(connection, updated, created, updated) == ["stored", "stored", "duplicate"]
    drain_inbox()

    traits = traits_of(connection)
    assert traits.subscription_status == "active"
    assert traits.subscription_plan == "Basic"
    assert traits.source_of("subscription_status")["event"] == updated["id"]
    assert not RefreshRequest.objects.filter(connection=connection).exists()
    assert {event.state for event in StripeEvent.objects.filter(connection=connection)} == {"applied"}


def test_it_needs_no_more_statements_for_a_full_batch_of_every_kind(connection: Connection) -> None:
    events = [
        shapes.event(
            "customer.subscription.updated",
            shapes.subscription(id=f"sub_{n}", customer=f"cus_{n}", discounts=[shapes.discount(id=f"di_{n}")]),
        )
        for n in range(40)
    ]
    events += [shapes.event("customer.updated", shapes.customer(id=f"cus_{n}")) for n in range(40)]
    events += [
        shapes.event("payment_method.attached", shapes.payment_method()),
        shapes.event("invoice.payment_failed", shapes.invoice()),
        shapes.event("product.updated", shapes.product(name="Pro"), created=shapes.NOW + 1),
        shapes.event("price.updated", shapes.price()),
        shapes.event("coupon.updated", shapes.coupon()),
        shapes.event("promotion_code.created", {"id": "promo_1", "object": "promotion_code", "code": "A"}),
    ]
    deliver(connection, *events)

    with CaptureQueriesContext(database) as queries:
        assert inbox.apply_batch() == len(events)

    # In the transaction of a test, a savepoint stands for BEGIN and COMMIT.
    assert len(queries) - 2 <= 25, "\n".join(query["sql"][:100] for query in queries)


def test_it_parks_a_poisoned_event_alone(connection: Connection) -> None:
    poisoned = shapes.event("customer.subscription.updated", {"object": "subscription", "id": "sub_x"})
    healthy = shapes.event("customer.subscription.created", shapes.subscription())
    deliver(connection, poisoned, healthy)

    pauses = []
    for _ in range(inbox.MAX_ATTEMPTS):
        inbox.drain()
        assert inbox.apply_batch() == 0  # not before its pause is over
        waits = StripeEvent.objects.filter(event_id=poisoned["id"])
        pauses.append((waits.get().not_before - timezone.now()).total_seconds())
        waits.update(not_before="2020-01-01T00:00Z")

    for left, pause in zip(pauses, (10, 20, 40, 80, 160, 320, 600, 600), strict=True):
        assert pause / 2 < left <= pause
    row = StripeEvent.objects.get(event_id=poisoned["id"])
    assert (row.state, row.attempts) == ("failed", inbox.MAX_ATTEMPTS)
    assert "customer" in row.error
    assert traits_of(connection).subscription_status == "active"


def test_it_counts_one_attempt_a_batch_whatever_its_neighbours_do(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event that cannot be read waits out its pauses even where another one makes the batch fail again and again."""
    broken = shapes.event("customer.updated", shapes.customer(id="cus_broken"))
    unreadable = shapes.event("customer.subscription.updated", {"object": "subscription", "id": "sub_x"})
    healthy = [shapes.event("customer.updated", shapes.customer(id=f"cus_{n}")) for n in range(14)]
    deliver(connection, unreadable, *healthy, broken)
    read = inbox.read_event

    def fail(event: dict[str, Any]) -> Any:
        if event["id"] == broken["id"]:
            raise LookupError("unforeseen")
        return read(event)

    monkeypatch.setattr(inbox, "read_event", fail)
    inbox.drain()

    attempts = dict(StripeEvent.objects.exclude(state="applied").values_list("event_id", "attempts"))
    assert attempts == {unreadable["id"]: 1, broken["id"]: 1}
    assert StripeEvent.objects.get(event_id=broken["id"]).error == "LookupError: unforeseen"
