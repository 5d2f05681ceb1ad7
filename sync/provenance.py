"""Which event, answer or run set a trait."""

from collections.abc import Iterable, Mapping, Sequence

from sync.facts import (
    CouponFact,
    CustomerFact,
    DiscountFact,
    Fact,
    Json,
    PaymentFact,
    PaymentMethodFact,
    SubscriptionFact,
)
from sync.observed import Touch

_CARD = (PaymentMethodFact, SubscriptionFact, CustomerFact)
_SETTERS: Mapping[str, tuple[type[Fact], ...]] = {
    "delinquent": (PaymentFact, CustomerFact, SubscriptionFact),
    "coupon": (DiscountFact, SubscriptionFact, CustomerFact, CouponFact),
    "payment_card_brand": _CARD,
    "payment_card_country": _CARD,
    "payment_card_expiration": _CARD,
    "payment_card_wallet_type": _CARD,
}
_SUBSCRIPTION = (SubscriptionFact, CustomerFact)


def sources_of(traits: Iterable[str], touches: Sequence[Touch], otherwise: Json) -> dict[str, Json]:
    """For each trait the newest of the facts that can set it, else the newest of all, else ``otherwise``."""
    found: dict[tuple[type[Fact], ...], Json] = {}
    sources = {}
    for trait in traits:
        setters = _SETTERS.get(trait, _SUBSCRIPTION)
        if setters not in found:
            able = [touch for touch in touches if touch.fact_type in setters] or touches
            found[setters] = max(able, key=lambda touch: touch.rank).source if able else otherwise
        sources[trait] = found[setters]
    return sources
