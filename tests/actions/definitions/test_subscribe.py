"""Subscribe to a plan, and again, against the sandbox."""

import pytest

from actions.models import ActionExecution
from sync.models import Customer
from sync.refresh import refresh_customer
from tests.actions.shop import Shop


def test_it_starts_a_subscription(shop: Shop) -> None:
    user, pro = shop.customer(), shop.price("Pro")

    outcome = shop.outcome(user, "subscribe", price=pro)

    assert (outcome["status"], outcome["message"]) == ("succeeded", "Subscribed to Pro, $20 a month.")
    (subscription,) = shop.stripe.subscriptions.list({"customer": user.customer}).data
    assert subscription.status == "active"


def test_it_refuses_another_currency_than_the_customers(shop: Shop) -> None:
    user = shop.customer()
    Customer.objects.create(connection=shop.connection, stripe_id=user.customer, rank=1, currency="eur")

    outcome = shop.outcome(user, "subscribe", price=shop.price("Pro"))

    assert (outcome["status"], outcome["code"]) == ("not_allowed", "currency_mismatch")


def test_it_does_not_subscribe_a_customer_that_was_deleted(shop: Shop) -> None:
    user = shop.customer()
    shop.stripe.customers.delete(user.customer)
    refresh_customer(connection=shop.connection, customer_id=user.customer)

    outcome = shop.outcome(user, "subscribe", price=shop.price("Pro"))

    assert (outcome["status"], outcome["code"]) == ("not_allowed", "customer_gone")
    assert not [change for change in shop.changes() if change.startswith("POST")]


def test_it_tells_only_the_amounts_of_an_invoice_that_it_made(full_shop: Shop) -> None:
    user, pro = full_shop.subscriber(full_shop.price("Basic", 1000)), full_shop.price("Pro", 3000)

    full_shop.outcome(user, "update_subscription", price=pro)
    full_shop.outcome(
        user, "update_subscription", price=full_shop.price("Team", 9000), proration_behavior="always_invoice"
    )

    none, some = (row.amounts for row in ActionExecution.objects.order_by("id"))
    assert none == {}
    assert (some["currency"], some["amount_paid"]) == ("usd", some["amount_due"])
    assert some["amount_paid"] > 0


def test_it_resubscribes_nobody_who_has_the_plan_already(shop: Shop) -> None:
    """Targeted at a plan that has ended, though another one, which is wanted, goes on."""
    basic, pro = shop.price("Basic"), shop.price("Pro")
    user = shop.subscriber(basic)
    shop.stripe.subscriptions.cancel(user.subscription)
    shop.stripe.subscriptions.create({"customer": user.customer, "items": [{"price": pro}]})

    outcome = shop.outcome(user, "resubscribe", target=[basic], price=pro)

    assert (outcome["status"], outcome["code"]) == ("no_op", "already_on_plan")
    assert not [change for change in shop.changes() if change.startswith("POST")]


@pytest.mark.parametrize("is_detached", [False, True])
def test_it_resubscribes_with_the_card_of_the_ended_subscription_while_it_is_there(
    full_shop: Shop, *, is_detached: bool
) -> None:
    pro = full_shop.price("Pro")
    user = full_shop.subscriber(pro)
    own = full_shop.stripe.payment_methods.attach("pm_card_mastercard", {"customer": user.customer}).id
    full_shop.stripe.subscriptions.update(user.subscription, {"default_payment_method": own})
    full_shop.stripe.subscriptions.cancel(user.subscription)
    if is_detached:
        full_shop.stripe.payment_methods.detach(own)

    assert full_shop.outcome(user, "resubscribe")["status"] == "succeeded"

    (subscription,) = full_shop.stripe.subscriptions.list({"customer": user.customer}).data
    assert subscription.default_payment_method == (None if is_detached else own)
