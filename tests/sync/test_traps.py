"""Each trap that real-time billing sync is known to fall into, by name."""

from typing import Any

import pytest

from connector.models import Connection
from sync import inbox
from sync.models import Customer, Discount, Identity, Price, RefreshRequest, StripeEvent, Subscription, UserTraits
from sync.observations import apply_objects
from tests.factories import make_connection
from tests.sync import stripe_shapes as shapes
from tests.sync.webhook_requests import deliver

pytestmark = pytest.mark.django_db
NOW = shapes.NOW


@pytest.fixture
def connection() -> Connection:
    connection = make_connection(permissions={"rak_payment_method_read": {"state": "granted"}})
    Identity.objects.create(app_id=connection.app_id, user_id="ada", stripe_id="cus_1")
    known = [shapes.customer(), shapes.product(), shapes.coupon()]
    apply_objects(connection=connection, objects=known, rank=2 * (NOW - 100) + 1, source={})
    return connection


def happen(connection: Connection, *events: dict[str, Any]) -> None:
    deliver(connection, *events)
    inbox.drain()


def updated(*, at: int = NOW, **fields: Any) -> dict[str, Any]:
    return shapes.event("customer.subscription.updated", shapes.subscription(**fields), created=at)


def traits_of(connection: Connection) -> UserTraits:
    return UserTraits.objects.get(app_id=connection.app_id, user_id="ada")


def asked(connection: Connection) -> list[tuple[str, str, int]]:
    rows = RefreshRequest.objects.filter(connection=connection)
    return sorted(rows.values_list("object_type", "stripe_id", "min_rank"))


@pytest.mark.parametrize("together", [True, False])
def test_it_reads_again_after_two_events_of_the_same_second(connection: Connection, together: bool) -> None:
    first, second = updated(status="trialing"), updated(status="active")
    for batch in ([first, second],) if together else ([first], [second]):
        happen(connection, *batch)
    assert asked(connection) == [("customer", "cus_1", 2 * NOW + 1)]

    apply_objects(connection=connection, objects=[shapes.subscription()], rank=2 * NOW + 1, source={})
    happen(connection, updated(status="trialing"))
    assert traits_of(connection).subscription_status == "active"


def test_it_does_not_doubt_a_repetition_of_the_same_second(connection: Connection) -> None:
    happen(connection, updated(), updated())
    happen(connection, updated())
    assert asked(connection) == []


def test_it_keeps_an_update_that_a_slow_fetch_did_not_see(connection: Connection) -> None:
    happen(connection, updated(at=NOW, status="past_due"))
    apply_objects(connection=connection, objects=[shapes.subscription()], rank=2 * (NOW - 1) + 1, source={})
    assert traits_of(connection).subscription_status == "past_due"


def test_it_guards_items_like_their_subscription(connection: Connection) -> None:
    pro = shapes.price(id="price_pro", product="prod_pro", unit_amount=9900, unit_amount_decimal="9900")
    happen(connection, shapes.event("product.created", shapes.product(id="prod_pro", name="Pro")))
    happen(connection, updated(at=NOW + 5, items=[shapes.item(id="si_2", price=pro)]))
    happen(connection, updated(at=NOW + 1))
    assert traits_of(connection).subscription_plan == "Pro"
    assert [item["id"] for item in Subscription.objects.get(connection=connection).items] == ["si_2"]


def test_it_follows_a_schedule_that_removes_an_item(connection: Connection) -> None:
    """And one that removes all of them: neither breaks what is read afterwards."""
    pro = shapes.price(id="price_pro", product="prod_pro", unit_amount=9900, unit_amount_decimal="9900")
    happen(connection, shapes.event("product.created", shapes.product(id="prod_pro", name="Pro")))
    both = [shapes.item(), shapes.item(id="si_2", price=pro)]
    happen(connection, updated(at=NOW, items=both, schedule="sub_sched_1"))
    assert traits_of(connection).subscription_plan == "Pro"
    gone = {**both[1], "deleted": True}
    happen(connection, updated(at=NOW + 1, items=[both[0], gone], schedule="sub_sched_1"))
    assert traits_of(connection).subscription_plan == "Basic"
    happen(connection, updated(at=NOW + 2, items=[], schedule="sub_sched_1"))
    assert traits_of(connection).subscription_plan is None
    happen(connection, updated(at=NOW + 3, items=both[:1]))
    assert (traits_of(connection).subscription_plan, asked(connection)) == ("Basic", [])


def test_it_does_not_revive_a_deleted_price(connection: Connection) -> None:
    happen(connection, shapes.event("price.deleted", shapes.price(active=False), created=NOW + 1))
    happen(connection, shapes.event("price.updated", shapes.price(), created=NOW))
    assert Price.objects.get(connection=connection).deleted


def test_it_asks_for_a_discount_that_is_only_named(connection: Connection) -> None:
    happen(connection, updated(discounts=["di_1"]))
    assert asked(connection) == [("customer", "cus_1", 2 * NOW + 1)]
    expanded = shapes.discount(source={"type": "coupon", "coupon": shapes.coupon()})
    apply_objects(
        connection=connection, objects=[shapes.subscription(discounts=[expanded])], rank=2 * NOW + 1, source={}
    )
    assert traits_of(connection).coupon == "20% off"


def test_it_needs_no_call_when_the_discount_s_own_event_came(connection: Connection) -> None:
    happen(connection, updated(discounts=["di_1"]), shapes.event("customer.discount.created", shapes.discount()))
    assert asked(connection) == []
    assert traits_of(connection).coupon == "20% off"


def test_it_asks_when_a_discount_is_newer_than_what_it_hangs_on(connection: Connection) -> None:
    happen(connection, updated(at=NOW))
    happen(connection, shapes.event("customer.discount.created", shapes.discount(), created=NOW + 3))
    assert asked(connection) == [("customer", "cus_1", 2 * (NOW + 3) + 1)]


def test_it_drops_a_deleted_discount(connection: Connection) -> None:
    happen(connection, updated(discounts=["di_1"]), shapes.event("customer.discount.created", shapes.discount()))
    gone = shapes.event("customer.discount.deleted", shapes.discount(), created=NOW + 1)
    happen(connection, gone)
    assert Discount.objects.get(connection=connection).deleted
    assert traits_of(connection).coupon is None


def test_it_sees_a_cancellation_that_is_only_a_date(connection: Connection) -> None:
    happen(connection, updated(cancel_at=NOW + shapes.MONTH, canceled_at=NOW))
    assert traits_of(connection).cancel_at_period_end is True


def test_it_cancels_the_subscriptions_of_a_deleted_customer(connection: Connection) -> None:
    happen(connection, updated())
    happen(connection, shapes.event("customer.deleted", shapes.customer(), created=NOW + 9))
    happen(connection, shapes.event("customer.updated", shapes.customer(delinquent=True), created=NOW + 1))
    traits = traits_of(connection)
    assert (traits.subscription_status, traits.delinquent) == ("canceled", False)
    assert Customer.objects.get(connection=connection).deleted


def test_it_leaves_live_traits_alone_on_test_events(connection: Connection) -> None:
    live = make_connection(app_id=connection.app_id, livemode=True)
    assert deliver(live, updated()) == ["wrong_mode"]
    happen(connection, updated())
    assert not UserTraits.objects.filter(app_id=connection.app_id, livemode=True).exists()


def test_it_is_delinquent_from_a_failed_payment_to_a_paid_one(connection: Connection) -> None:
    happen(connection, updated())
    happen(connection, shapes.event("invoice.payment_failed", shapes.invoice(), created=NOW + 2))
    assert traits_of(connection).delinquent is True
    happen(connection, shapes.event("invoice.paid", shapes.invoice(), created=NOW + 1))
    assert traits_of(connection).delinquent is True
    happen(connection, shapes.event("invoice.paid", shapes.invoice(), created=NOW + 3))
    assert traits_of(connection).delinquent is False


def test_it_settles_a_failed_payment_by_a_fetch(connection: Connection) -> None:
    happen(connection, shapes.event("invoice.payment_failed", shapes.invoice(), created=NOW))
    apply_objects(connection=connection, objects=[shapes.customer()], rank=2 * NOW + 1, source={})
    assert traits_of(connection).delinquent is False


def test_it_forgets_a_failed_payment_when_stripe_clears_delinquent(connection: Connection) -> None:
    happen(connection, shapes.event("invoice.payment_failed", shapes.invoice(), created=NOW))
    cleared = shapes.event(
        "customer.updated", shapes.customer(), created=NOW + 5, previous_attributes={"delinquent": True}
    )
    happen(connection, cleared)
    assert traits_of(connection).delinquent is False


def test_it_follows_a_customer_s_email_to_another_user(connection: Connection) -> None:
    for user, email in (("old", "old@example.com"), ("new", "new@example.com")):
        Identity.objects.create(app_id=connection.app_id, user_id=user, email_address=email)
    created = shapes.customer(id="cus_2", email="old@example.com")
    happen(connection, shapes.event("customer.created", created), updated(id="sub_2", customer="cus_2"))
    changed = {**created, "email": "new@example.com"}
    happen(connection, shapes.event("customer.updated", changed, created=NOW + 1))
    status = dict(
        UserTraits.objects.filter(app_id=connection.app_id).values_list("user_id", "subscription_status")
    )
    assert (status["old"], status["new"]) == ("NONE", "active")


def test_it_leaves_cards_as_they_were_where_the_key_may_not_read_them(connection: Connection) -> None:
    Connection.objects.filter(id=connection.id).update(permissions={})
    happen(connection, updated(default_payment_method="pm_1"))
    assert asked(connection) == []


def test_it_ignores_events_of_a_revoked_connection(connection: Connection) -> None:
    deliver(connection, updated())
    Connection.objects.filter(id=connection.id).update(status=Connection.Status.REVOKED)
    inbox.drain()
    assert StripeEvent.objects.get(connection=connection).state == "ignored"


def test_it_reads_again_when_a_fetch_was_too_early_to_outrank_what_it_contradicts(connection: Connection) -> None:
    """An event was lost just after another one: the fetch saw what followed, and nothing says so but the difference."""
    happen(connection, updated(at=NOW, status="active"))
    too_early = 2 * (NOW - 1) + 1
    apply_objects(connection=connection, objects=[shapes.subscription()], rank=too_early, source={})
    assert asked(connection) == []
    changed = shapes.subscription(status="past_due")
    apply_objects(connection=connection, objects=[changed], rank=too_early, source={})
    assert traits_of(connection).subscription_status == "active"
    assert asked(connection) == [("customer", "cus_1", 2 * NOW + 1)]
