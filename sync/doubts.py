"""Pieces that events name but nobody has told us: they have to be read from Stripe. Pure.

Without them a trait would be wrong for a reason that no later event repairs.
"""

from collections.abc import Iterable, Mapping

from sync.facts import DiscountFact, Doubt
from sync.known import KnownOfConnection
from sync.traits import CustomerState, main_item, payment_reference, the_subscription


def missing_pieces(
    state: CustomerState, ranks: Mapping[str, int], known: KnownOfConnection, *, readable: tuple[str, ...]
) -> Iterable[Doubt]:
    """``ranks`` are the rows' by id, the customer's is 0 where only its name is known.

    ``readable`` are the beginnings of the ids of payment methods that the key may read.
    """
    customer = state.customer
    subscription = the_subscription(state)
    discounts = [one for one in known.discounts_of.get(customer.stripe_id, {}).values() if not one.deleted]
    if reason := _missing_of_customer(state, ranks, known, discounts):
        yield Doubt("customer", customer.stripe_id, reason)
    method = payment_reference(customer, subscription, known)
    if method and method.startswith(readable) and method not in known.payment_methods:
        yield Doubt("customer", customer.stripe_id, "unknown payment method")
    item = main_item(subscription.items) if subscription else None
    if item and item["product"] and item["product"] not in known.product_names:
        yield Doubt("product", item["product"], "unknown product")
    for discount in discounts:
        if discount.coupon and discount.coupon not in known.coupons:
            yield Doubt("coupon", discount.coupon, "unknown coupon")


def _missing_of_customer(
    state: CustomerState, ranks: Mapping[str, int], known: KnownOfConnection, discounts: Iterable[DiscountFact]
) -> str | None:
    if not ranks[state.customer.stripe_id]:
        return "unknown customer"
    if _listed(state) - known.discounts.keys():
        return "unknown discount"
    if any(_is_unlisted(one, state, ranks, known) for one in discounts):
        return "unlisted discount"
    return None


def _listed(state: CustomerState) -> set[str]:
    on_customer = {state.customer.discount} if state.customer.discount else set()
    return on_customer.union(*(one.discounts for one in state.subscriptions))


def _is_unlisted(
    discount: DiscountFact, state: CustomerState, ranks: Mapping[str, int], known: KnownOfConnection
) -> bool:
    """Newer than what it hangs on, which does not list it: the event that lists it is late or lost."""
    holder = discount.subscription or state.customer.stripe_id
    newer = known.discount_ranks[discount.stripe_id] > ranks.get(holder, 0)
    return newer and discount.stripe_id not in _listed(state)
