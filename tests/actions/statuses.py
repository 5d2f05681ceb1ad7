"""A subscriber in each status that Stripe knows:
https://docs.stripe.com/api/subscriptions/object#subscription_object-status
"""

from collections.abc import Callable

from tests.actions.shop import Shop, Subscriber

FAILING = "pm_card_chargeCustomerFail"
DAY = 86_400


def _active(shop: Shop, price: str) -> Subscriber:
    return shop.subscriber(price)


def _trialing(shop: Shop, price: str) -> Subscriber:
    return shop.subscriber(price, trial_period_days=14)


def _incomplete(shop: Shop, price: str) -> Subscriber:
    return shop.subscriber(price, card=FAILING, payment_behavior="allow_incomplete")


def _canceled(shop: Shop, price: str) -> Subscriber:
    user = shop.subscriber(price)
    shop.stripe.subscriptions.cancel(user.subscription)
    return user


def _paused(shop: Shop, price: str) -> Subscriber:
    user = shop.subscriber(price)
    shop.stripe.subscriptions.pause(user.subscription)
    return user


def _incomplete_expired(shop: Shop, price: str) -> Subscriber:
    user = shop.subscriber(price, card=FAILING, clock=shop.clock(), payment_behavior="allow_incomplete")
    shop.advance(user, days=2)
    return user


def _past_due(shop: Shop, price: str) -> Subscriber:
    user = shop.subscriber(price, clock=shop.clock())
    shop.use_card(user, FAILING)
    shop.advance(user, days=32)
    return user


def _unpaid(shop: Shop, price: str) -> Subscriber:
    shop.account.sandbox.admin("POST", "settings", account=shop.account.id, after_dunning="unpaid")
    user = _past_due(shop, price)
    shop.advance(user, days=20)
    return user


SUBSCRIBER_IN: dict[str, Callable[[Shop, str], Subscriber]] = {
    "active": _active,
    "trialing": _trialing,
    "past_due": _past_due,
    "unpaid": _unpaid,
    "paused": _paused,
    "incomplete": _incomplete,
    "incomplete_expired": _incomplete_expired,
    "canceled": _canceled,
}
