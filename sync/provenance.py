"""Which event, answer or run set a trait."""

from collections.abc import Mapping, Sequence

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


def source_of(trait: str, touches: Sequence[Touch], otherwise: Json) -> Json:
    """The newest of the facts that can set this trait, else the newest of all, else ``otherwise``."""
    setters = _SETTERS.get(trait, _SUBSCRIPTION)
    able = [touch for touch in touches if touch.fact_type in setters] or touches
    return max(able, key=lambda touch: touch.rank).source if able else otherwise
