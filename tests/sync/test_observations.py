"""One road from what Stripe said to the traits."""

import uuid

import pytest

from sync.models import Customer, Identity, RefreshRequest, Subscription, TraitHistory, UserTraits
from sync.observations import apply_objects
from tests.factories import make_connection
from tests.sync import stripe_shapes as shapes

pytestmark = pytest.mark.django_db
FETCHED = 2 * shapes.NOW + 1


def test_it_turns_fetched_objects_into_traits() -> None:
    connection = make_connection(permissions={"rak_payment_method_read": {"state": "granted"}})
    Identity.objects.create(app_id=connection.app_id, user_id="ada", stripe_id="cus_1")
    objects = [
        shapes.customer(invoice_settings={"default_payment_method": shapes.payment_method()}),
        shapes.subscription(discounts=[shapes.discount()]),
        shapes.product(),
        shapes.coupon(),
    ]

    changes = apply_objects(connection=connection, objects=objects, rank=FETCHED, source={"request": "req_1"})

    traits = UserTraits.objects.get(app_id=connection.app_id, user_id="ada")
    assert traits.subscription_status == "active"
    assert traits.subscription_plan == "Basic"
    assert traits.coupon == "20% off"
    assert traits.payment_card_brand == "visa"
    assert str(traits.payment_card_expiration) == "2031-08-01"
    assert traits.current_period_end.timestamp() == shapes.NOW + shapes.MONTH
    assert traits.delinquent is False
    assert traits.source_of("subscription_status")["request"] == "req_1"
    assert {change.trait for change in changes} >= {"subscription_status", "coupon"}
    assert not RefreshRequest.objects.filter(connection=connection, reason="unknown customer").exists()
    assert TraitHistory.objects.filter(app_id=connection.app_id).count() == 1


def test_it_ignores_older_facts_and_doubts_a_contradiction_of_the_same_second() -> None:
    connection = make_connection()
    apply_objects(connection=connection, objects=[shapes.customer()], rank=FETCHED, source={})
    apply_objects(connection=connection, objects=[shapes.subscription()], rank=FETCHED, source={})

    apply_objects(
        connection=connection, objects=[shapes.subscription(status="past_due")], rank=FETCHED - 1, source={}
    )
    assert Subscription.objects.get(connection=connection).status == "active"

    RefreshRequest.objects.all().delete()
    apply_objects(connection=connection, objects=[shapes.subscription(status="past_due")], rank=FETCHED, source={})
    request = RefreshRequest.objects.get(connection=connection, object_type="customer")
    assert (request.stripe_id, request.min_rank) == ("cus_1", FETCHED + 2)


def test_it_links_by_email_in_any_case() -> None:
    connection = make_connection(app_id=uuid.uuid4())
    Identity.objects.create(app_id=connection.app_id, user_id="ada", email_address="ADA@example.com")
    apply_objects(
        connection=connection,
        objects=[shapes.customer(), shapes.subscription()],
        rank=FETCHED,
        source={},
    )
    assert UserTraits.objects.get(app_id=connection.app_id).subscription_status == "active"
    assert Customer.objects.get(connection=connection).email == "ada@example.com"


def test_it_takes_in_text_that_no_column_can_hold() -> None:
    """NUL and half a character: a fetched object has no inbox in which they were taken out."""
    connection = make_connection()
    Identity.objects.create(app_id=connection.app_id, user_id="ada", email_address="ada@example.com")
    objects = [
        shapes.customer(email="a\0da@example.com"),
        shapes.subscription(),
        shapes.product(name="Ba\0sic \ud83d"),
    ]
    apply_objects(connection=connection, objects=objects, rank=FETCHED, source={"request": "req_1"})
    traits = UserTraits.objects.get(app_id=connection.app_id, user_id="ada")
    assert (traits.subscription_status, traits.subscription_plan) == ("active", "Basic ?")
