"""For every trait, what set it: the event that brought the state that the mirror took, and no other of its batch."""

from typing import Any

import pytest

from connector.models import Connection
from sync import inbox
from sync.models import Identity, StripeEvent, TraitHistory, UserTraits
from sync.observations import apply_objects
from tests.factories import make_connection
from tests.sync import stripe_shapes as shapes
from tests.sync.webhook_requests import deliver

pytestmark = pytest.mark.django_db
NOW = shapes.NOW
EARLY = 2 * (NOW - 100) + 1


@pytest.fixture
def connection() -> Connection:
    """One user by email, two customers with it; the first one's subscription is shown."""
    connection = make_connection(permissions={"rak_payment_method_read": {"state": "granted"}})
    Identity.objects.create(app_id=connection.app_id, user_id="ada", email_address="ada@example.com")
    known = [
        shapes.customer(invoice_settings={"default_payment_method": shapes.payment_method()}),
        shapes.customer(id="cus_2"),
        shapes.product(),
        shapes.coupon(),
        shapes.subscription(),
        shapes.subscription(id="sub_old", status="canceled"),
        shapes.subscription(id="sub_2", customer="cus_2", status="past_due"),
    ]
    apply_objects(connection=connection, objects=known, rank=EARLY, source={"request": "req_first"})
    return connection


def updated(at: int, **fields: Any) -> dict[str, Any]:
    return shapes.event("customer.subscription.updated", shapes.subscription(**fields), created=at)


def happen(connection: Connection, *events: dict[str, Any]) -> None:
    """All in one batch."""
    assert set(deliver(connection, *events)) == {"stored"}
    inbox.apply_batch()
    assert not StripeEvent.objects.filter(connection=connection, state="received").exists()


def source_of(connection: Connection, trait: str) -> Any:
    source = UserTraits.objects.get(app_id=connection.app_id, user_id="ada").source_of(trait)
    return source.get("event", source.get("request"))


def test_it_names_the_last_of_several_events_in_whatever_order_they_came(connection: Connection) -> None:
    first, last = updated(NOW, status="past_due"), updated(NOW + 9, status="unpaid")
    happen(connection, last, first)
    assert source_of(connection, "subscription_status") == last["id"]


def test_it_names_no_event_of_another_customer(connection: Connection) -> None:
    mine = updated(NOW, cancel_at_period_end=True)
    other = updated(NOW + 9, id="sub_2", customer="cus_2", status="unpaid")
    happen(connection, mine, other)
    assert source_of(connection, "cancel_at_period_end") == mine["id"]
    assert source_of(connection, "subscription_status") == "req_first"


def test_it_names_no_event_of_another_subscription(connection: Connection) -> None:
    mine, other = (
        updated(NOW, trial_end=NOW + 50),
        updated(NOW + 9, id="sub_old", status="canceled", canceled_at=NOW),
    )
    happen(connection, mine, other)
    assert source_of(connection, "trial_end") == mine["id"]


def test_it_names_the_event_that_took_the_shown_subscription_away(connection: Connection) -> None:
    ended = updated(NOW, status="canceled", canceled_at=NOW)
    happen(connection, ended, shapes.event("customer.updated", shapes.customer(id="cus_2"), created=NOW + 9))
    row = UserTraits.objects.get(app_id=connection.app_id, user_id="ada")
    assert row.subscription == "sub_2"
    assert source_of(connection, "subscription_status") == ended["id"]


def test_it_names_no_event_that_the_guard_kept_out(connection: Connection) -> None:
    apply_objects(
        connection=connection,
        objects=[shapes.subscription()],
        rank=2 * (NOW + 20) + 1,
        source={"request": "req_2"},
    )
    late = updated(NOW + 9, status="unpaid")
    failed = shapes.event("invoice.payment_failed", shapes.invoice(), created=NOW + 5)
    happen(connection, late, failed)
    assert source_of(connection, "delinquent") == failed["id"]


def test_it_names_what_says_that_a_payment_failed(connection: Connection) -> None:
    failed = shapes.event("invoice.payment_failed", shapes.invoice(), created=NOW)
    renamed = shapes.event("customer.updated", shapes.customer(name="Ada"), created=NOW + 5)
    happen(connection, failed, renamed, updated(NOW + 9, quantity=2))
    assert source_of(connection, "delinquent") == failed["id"]


def test_it_names_what_brought_the_card_and_the_coupon(connection: Connection) -> None:
    card = shapes.payment_method()
    card["card"]["exp_year"] = 2039
    replaced = shapes.event("payment_method.automatically_updated", card, created=NOW)
    discounted = shapes.event("customer.discount.created", shapes.discount(), created=NOW)
    ends = updated(NOW + 9, discounts=["di_1"], cancel_at_period_end=True)
    happen(connection, replaced, discounted, ends)
    named = {trait: source_of(connection, trait) for trait in ("payment_card_expiration", "coupon",
                                                               "cancel_at_period_end")}  # fmt: skip
    assert list(named.values()) == [replaced["id"], discounted["id"], ends["id"]]

    history = TraitHistory.objects.filter(app_id=connection.app_id).order_by("-id")[:3]
    by_event = {entry.source["event"]: set(entry.changes) for entry in history}
    assert by_event == {
        replaced["id"]: {"payment_card_expiration"},
        discounted["id"]: {"coupon"},
        ends["id"]: {"cancel_at_period_end"},
    }


def test_it_names_the_switch_to_another_card(connection: Connection) -> None:
    other = shapes.payment_method(id="pm_other")
    other["card"]["brand"] = "amex"
    apply_objects(connection=connection, objects=[other], rank=EARLY, source={"request": "req_2"})
    switched = shapes.event(
        "customer.updated", shapes.customer(invoice_settings={"default_payment_method": "pm_other"}), created=NOW
    )
    happen(connection, switched, updated(NOW + 9, quantity=2))
    assert source_of(connection, "payment_card_brand") == switched["id"]


def test_it_names_the_end_of_a_customer(connection: Connection) -> None:
    gone = shapes.event("customer.deleted", shapes.customer(), created=NOW)
    happen(connection, gone, updated(NOW - 9, status="past_due"))
    assert source_of(connection, "subscription_status") == gone["id"]
