"""Reading a subscription as the pinned API version has it: what the definitions look at before and after."""

from collections.abc import Collection
from typing import Any

from actions.outcomes import NotAllowedError
from sync import traits
from sync.facts import SubscriptionFact
from sync.stripe_objects import read_object

LIVE = frozenset({"active", "trialing", "past_due", "paused", "unpaid", "incomplete"})
Subscription = dict[str, Any]
Item = dict[str, Any]


def items_of(subscription: Subscription) -> list[Item]:
    """The subscription's items, as Stripe ordered them."""
    return list(subscription["items"]["data"])


def fact_of(subscription: Subscription) -> SubscriptionFact:
    """The subscription as the traits see it."""
    return next(fact for fact in read_object(subscription).facts if isinstance(fact, SubscriptionFact))


def main_item(subscription: Subscription, target: Collection[str] = ()) -> Item:
    """The item an action works on: the one with a targeted price, else the one that names the user's plan
    trait.
    """
    items = items_of(subscription)
    targeted = [item for item in items if item["price"]["id"] in target]
    if targeted or len(items) == 1:  # of one there is nothing to read
        return (targeted or items)[0]
    main = traits.main_item(fact_of(subscription).items)
    if main is None:
        raise NotAllowedError("no_plan", "The subscription has no plan.")
    return next(item for item in items if item["id"] == main["id"])


def is_metered(price: dict[str, Any]) -> bool:
    return bool((price.get("recurring") or {}).get("usage_type") == "metered")


def period_end(subscription: Subscription) -> int:
    """The earliest end of the items' current periods (on the items since 2025-03-31.basil)."""
    return min(int(item["current_period_end"]) for item in items_of(subscription))


def discount_ids(subscription: Subscription) -> list[str]:
    """Ids of the subscription's own discounts, expanded or not."""
    return [reference_id(discount) for discount in subscription.get("discounts") or []]


def coupon_ids(subscription: Subscription) -> list[str]:
    """Coupons of the subscription's own discounts; needs ``discounts`` expanded.

    The coupon sits under ``source`` since 2025-09-30.clover: https://docs.stripe.com/api/discounts/object
    """
    discounts = [discount for discount in subscription.get("discounts") or [] if isinstance(discount, dict)]
    return [reference_id((discount.get("source") or {}).get("coupon")) for discount in discounts]


def reference_id(reference: Any) -> str:
    """The id of something that may or may not be expanded; empty for null."""
    return str(reference["id"]) if isinstance(reference, dict) else str(reference or "")


def is_cancelling(subscription: Subscription) -> bool:
    """Whether the subscription will end by itself."""
    return bool(subscription.get("cancel_at_period_end") or subscription.get("cancel_at"))


def snapshot(subscription: Subscription) -> dict[str, Any]:
    """What an execution keeps of a subscription, before and after: ids, states and times, nothing personal."""
    return {
        "status": subscription["status"],
        "items": [
            {
                "id": item["id"],
                "price": item["price"]["id"],
                "quantity": item.get("quantity"),
                "current_period_end": int(item["current_period_end"]),
            }
            for item in items_of(subscription)
        ],
        "discounts": discount_ids(subscription),
        "current_period_start": min(int(item["current_period_start"]) for item in items_of(subscription)),
        "current_period_end": period_end(subscription),
        "cancel_at_period_end": bool(subscription.get("cancel_at_period_end")),
        "cancel_at": subscription.get("cancel_at"),
        "trial_end": subscription.get("trial_end"),
        "pause_collection": subscription.get("pause_collection"),
        "collection_method": subscription.get("collection_method"),
        "schedule": reference_id(subscription.get("schedule")) or None,
    }
