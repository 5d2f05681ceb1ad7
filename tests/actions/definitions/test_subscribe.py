"""Subscribe to a plan, and again, against the sandbox."""

import pytest

from sync.models import Customer
from tests.actions.shop import Shop


def test_it_starts_a_subscription(shop: Shop) -> None:
    user, pro = shop.customer(), shop.price("Pro")

    outcome = shop.outcome(user, "subscribe", price=pro)

    assert (outcome["status"], outcome["message"]) == ("succeeded", "Subscribed to Pro, $20 a month.")
    (subscription,) = shop.stripe.subscriptions.list({"customer": user.customer}).data
    assert subscription.status == "active"


def test_it_starts_with_a_trial_and_a_promotion_code(shop: Shop) -> None:
    user = shop.customer()
    promotion = {"type": "coupon", "coupon": shop.coupon()}
    code = shop.stripe.promotion_codes.create({"promotion": promotion, "code": "HELLO"}).id

    outcome = shop.outcome(user, "subscribe", price=shop.price("Pro"), trial_period_days=7, promotion_code=code)

    assert outcome["status"] == "succeeded"
    (subscription,) = shop.stripe.subscriptions.list({"customer": user.customer}).data
    assert (subscription.status, len(subscription.discounts)) == ("trialing", 1)


def test_it_does_not_subscribe_twice_to_a_plan(shop: Shop) -> None:
    pro = shop.price("Pro")

    assert shop.outcome(shop.subscriber(pro), "subscribe", price=pro)["status"] == "no_op"


@pytest.mark.parametrize(
    ("behavior", "status", "subscriptions"),
    [("error_if_incomplete", "failed", 0), ("allow_incomplete", "requires_action", 1)],
)
def test_it_does_what_was_chosen_when_the_payment_fails(
    full_shop: Shop, behavior: str, status: str, subscriptions: int
) -> None:
    user = full_shop.customer(card="pm_card_chargeCustomerFail")

    outcome = full_shop.outcome(user, "subscribe", price=full_shop.price("Pro"), payment_behavior=behavior)

    assert outcome["status"] == status
    found = full_shop.stripe.subscriptions.list({"customer": user.customer, "status": "incomplete"}).data
    assert len(found) == subscriptions


def test_it_refuses_another_currency_than_the_customers(shop: Shop) -> None:
    user = shop.customer()
    Customer.objects.create(connection=shop.connection, stripe_id=user.customer, rank=1, currency="eur")

    outcome = shop.outcome(user, "subscribe", price=shop.price("Pro"))

    assert (outcome["status"], outcome["code"]) == ("not_allowed", "currency_mismatch")


def test_it_resubscribes_to_the_last_plan_with_its_quantity(shop: Shop) -> None:
    pro = shop.price("Pro")
    user = shop.subscriber(pro, items=[{"price": pro, "quantity": 3}])
    shop.stripe.subscriptions.cancel(user.subscription)

    outcome = shop.outcome(user, "resubscribe")

    assert outcome["status"] == "succeeded"
    (subscription,) = shop.stripe.subscriptions.list({"customer": user.customer}).data
    assert (subscription["items"].data[0].price.id, subscription["items"].data[0].quantity) == (pro, 3)


def test_it_resubscribes_to_another_plan(shop: Shop) -> None:
    user, team = shop.subscriber(shop.price("Pro")), shop.price("Team")
    shop.stripe.subscriptions.cancel(user.subscription)

    shop.outcome(user, "resubscribe", price=team, coupon=shop.coupon())

    (subscription,) = shop.stripe.subscriptions.list({"customer": user.customer}).data
    assert subscription["items"].data[0].price.id == team


def test_it_does_not_resubscribe_who_never_left(shop: Shop) -> None:
    outcome = shop.outcome(shop.subscriber(shop.price("Pro")), "resubscribe")

    assert (outcome["status"], outcome["code"]) == ("not_allowed", "status_active")
