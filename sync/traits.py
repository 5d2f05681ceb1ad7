"""The fifteen traits of an end user, from what Stripe says about the customers linked to them. Pure.

Words: *live* subscriptions are all but ``canceled`` and ``incomplete_expired``; *the* subscription is the one that
the traits describe. Times are epoch seconds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from sync.facts import CustomerFact, DiscountFact, Json, PaymentMethodFact, SubscriptionFact

STATUSES = (
    "active",
    "trialing",
    "past_due",
    "paused",
    "unpaid",
    "incomplete",
    "canceled",
    "incomplete_expired",
)
"""Best first; the last two are terminal: https://docs.stripe.com/api/subscriptions/object#subscription_object-status"""

_T = TypeVar("_T")

ENDED = ("canceled", "incomplete_expired")
UNPAID = ("past_due", "unpaid")
_UNKNOWN_STATUS = STATUSES.index("canceled") - 0.5  # live as far as we know, after every live one we know


@dataclass(slots=True)
class Traits:
    """Named as in the product guide. Times in epoch seconds, ``payment_card_expiration`` as ``YYYY-MM-01``."""

    subscription_status: str = "NONE"
    delinquent: bool | None = None
    current_period_start: int | None = None
    current_period_end: int | None = None
    canceled_at: int | None = None
    cancel_at_period_end: bool | None = None
    trial_start: int | None = None
    trial_end: int | None = None
    subscription_plan: str | None = None
    recurring_interval: str | None = None
    coupon: str | None = None
    payment_card_brand: str | None = None
    payment_card_country: str | None = None
    payment_card_expiration: str | None = None
    payment_card_wallet_type: str | None = None


@dataclass(slots=True)
class Known:
    """What hangs on customers and subscriptions by id. Names are of products and coupons."""

    discounts: Mapping[str, DiscountFact] = field(default_factory=dict)
    payment_methods: Mapping[str, PaymentMethodFact] = field(default_factory=dict)
    product_names: Mapping[str, str] = field(default_factory=dict)
    coupon_names: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class CustomerState:
    """A customer with all its subscriptions. ``payment_failed``: a payment failed and none was paid since."""

    customer: CustomerFact
    subscriptions: list[SubscriptionFact] = field(default_factory=list)
    payment_failed: bool = False


@dataclass(slots=True)
class Projection:
    """The traits, and which customer and subscription they describe, with which discount and payment method."""

    traits: Traits
    customer: str | None = None
    subscription: str | None = None
    discount: str | None = None
    payment_method: str | None = None


def project(states: Sequence[CustomerState], known: Known) -> Projection:
    """The traits of a user who is linked to these customers (several with the same email, or one, or none)."""
    best = _first([(state, the_subscription(state)) for state in states], by=_rank_customer)
    if best is None:
        return Projection(Traits())
    state, subscription = best
    reference = payment_reference(state.customer, subscription, known)
    discount = _shown_discount(state.customer, subscription, known)
    traits = Traits(
        delinquent=_is_delinquent(state, subscription),
        coupon=_coupon(discount, known),
        **_card_traits(reference, known),
        **(_subscription_traits(subscription, known) if subscription else {}),
    )
    return Projection(
        traits,
        customer=state.customer.stripe_id,
        subscription=subscription.stripe_id if subscription else None,
        discount=discount.stripe_id if discount else None,
        payment_method=reference,
    )


def the_subscription(state: CustomerState) -> SubscriptionFact | None:
    """Live before ended, then by status, then the latest created, then by id. Deleting a customer cancels all."""
    existing = [one for one in state.subscriptions if not one.deleted]
    if state.customer.deleted:
        existing = [_canceled(one) for one in existing]
    return _first(existing, by=rank_subscription)


def _first(candidates: Sequence[_T], *, by: Callable[[_T], Any]) -> _T | None:
    """The one that sorts first. Nearly always there is only one, and nothing to rank."""
    return candidates[0] if len(candidates) == 1 else min(candidates, key=by, default=None)


def rank_subscription(subscription: SubscriptionFact) -> tuple[float, int, str]:
    """Sorts *the* subscription first. All ended ones are alike: the latest created counts."""
    status = subscription.status
    if status in ENDED:
        place: float = len(STATUSES)
    else:
        place = STATUSES.index(status) if status in STATUSES else _UNKNOWN_STATUS
    return (place, -subscription.created, subscription.stripe_id)


def _rank_customer(pair: tuple[CustomerState, SubscriptionFact | None]) -> tuple[object, ...]:
    state, subscription = pair
    customer = state.customer
    by_subscription = rank_subscription(subscription) if subscription else (len(STATUSES) + 1.0, 0, "")
    return (*by_subscription, customer.deleted, -(customer.created or 0), customer.stripe_id)


def _canceled(subscription: SubscriptionFact) -> SubscriptionFact:
    return subscription if subscription.status in ENDED else replace(subscription, status="canceled")


def _is_delinquent(state: CustomerState, subscription: SubscriptionFact | None) -> bool:
    if state.customer.deleted:
        return False
    unpaid = subscription is not None and subscription.status in UNPAID
    return bool(state.customer.delinquent) or state.payment_failed or unpaid


def _subscription_traits(subscription: SubscriptionFact, known: Known) -> dict[str, Any]:
    item = main_item(subscription.items)
    return {
        "subscription_status": subscription.status,
        "current_period_start": subscription.current_period_start,
        "current_period_end": subscription.current_period_end,
        "canceled_at": subscription.canceled_at,
        "cancel_at_period_end": _ends_with_period(subscription),
        "trial_start": subscription.trial_start,
        "trial_end": subscription.trial_end,
        "subscription_plan": known.product_names.get(item["product"]) or None if item else None,
        "recurring_interval": item["interval"] if item else None,
    }


def _ends_with_period(subscription: SubscriptionFact) -> bool:
    """A cancellation set as a date on the period's end is one at the period's end too."""
    dated = subscription.cancel_at is not None and subscription.cancel_at == subscription.current_period_end
    return subscription.cancel_at_period_end or dated


def main_item(items: Sequence[Json]) -> Json | None:
    """The item with the highest recurring amount, then the oldest, then by id. Metered items count as nothing."""
    return _first(items, by=lambda item: (-_amount(item), item["created"] or 0, item["id"]))


def _amount(item: Json) -> float:
    return float((item["unit_amount"] or 0) * (item["quantity"] or 0))


def _shown_discount(
    customer: CustomerFact, subscription: SubscriptionFact | None, known: Known
) -> DiscountFact | None:
    on_subscription = _newest(subscription.discounts if subscription else (), known)
    return on_subscription or _newest((customer.discount,) if customer.discount else (), known)


def _coupon(discount: DiscountFact | None, known: Known) -> str | None:
    if discount is None or discount.coupon is None:
        return None
    return known.coupon_names.get(discount.coupon) or discount.coupon


def _newest(ids: Sequence[str], known: Known) -> DiscountFact | None:
    """The discount that started last; of several in the same second, the last listed."""
    listed = [known.discounts[one] for one in ids if one in known.discounts]
    live = [(one.start or 0, place, one) for place, one in enumerate(listed) if not one.deleted]
    return max(live, key=lambda entry: entry[:2])[2] if live else None


def payment_reference(customer: CustomerFact, subscription: SubscriptionFact | None, known: Known) -> str | None:
    """The id of what Stripe would charge: the subscription's default, else the customer's, else the default source.

    https://docs.stripe.com/api/subscriptions/object#subscription_object-default_payment_method
    A detached method is skipped, an unknown one is not: it is what Stripe would charge.
    """
    if customer.deleted:
        return None
    holders: tuple[SubscriptionFact | CustomerFact, ...] = (
        (subscription, customer) if subscription else (customer,)
    )
    references = [one for holder in holders for one in (holder.default_payment_method, holder.default_source)]
    for reference in references:
        if reference and not _is_gone(known.payment_methods.get(reference)):
            return reference
    return None


def _is_gone(method: PaymentMethodFact | None) -> bool:
    return method is not None and (method.deleted or method.customer is None)


def _card_traits(reference: str | None, known: Known) -> dict[str, Any]:
    method = known.payment_methods.get(reference) if reference else None
    if method is None or method.card_brand is None:
        return {}
    expires = method.card_exp_year and method.card_exp_month
    return {
        "payment_card_brand": method.card_brand,
        "payment_card_country": method.card_country,
        "payment_card_expiration": f"{method.card_exp_year:04d}-{method.card_exp_month:02d}-01"
        if expires
        else None,
        "payment_card_wallet_type": method.card_wallet_type,
    }
