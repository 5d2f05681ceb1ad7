"""What hangs on customers and subscriptions by id, of many customers."""

from dataclasses import dataclass, field

import orjson

from sync.facts import DiscountFact, PaymentMethodFact
from sync.observed import ConnectionId
from sync.traits import Known


@dataclass(slots=True)
class KnownRows:
    """``Known`` per connection."""

    by_connection: dict[ConnectionId, "KnownOfConnection"] = field(default_factory=dict)

    def of(self, connection_id: ConnectionId) -> "KnownOfConnection":
        if connection_id not in self.by_connection:
            self.by_connection[connection_id] = KnownOfConnection()
        return self.by_connection[connection_id]


@dataclass(slots=True)
class KnownOfConnection(Known):
    """``discount_ranks`` are of all discounts of the customers, listed anywhere or not; ``discounts_of`` has them by
    customer."""

    discounts: dict[str, DiscountFact] = field(default_factory=dict)
    discounts_of: dict[str, dict[str, DiscountFact]] = field(default_factory=dict)
    payment_methods: dict[str, PaymentMethodFact] = field(default_factory=dict)
    product_names: dict[str, str] = field(default_factory=dict)
    coupon_names: dict[str, str] = field(default_factory=dict)
    discount_ranks: dict[str, int] = field(default_factory=dict)
    coupons: set[str] = field(default_factory=set)


def note_known(known: KnownRows, connection_id: ConnectionId, told: str | None) -> None:
    """Take in what ``sync.known_sql`` told of a customer and one of its subscriptions."""
    here = known.of(connection_id)
    for kind, rank, coupon_known, name, fact in orjson.loads(told or "[]"):
        if kind == "product":
            here.product_names[fact] = name
        elif kind == "payment_method":
            method = PaymentMethodFact(*fact)
            here.payment_methods[method.stripe_id] = method
        else:
            _add_discount(here, DiscountFact(*fact), rank, name, coupon_known=coupon_known)


def _add_discount(
    here: KnownOfConnection, discount: DiscountFact, rank: int, coupon_name: str | None, *, coupon_known: bool
) -> None:
    here.discounts[discount.stripe_id] = discount
    if discount.customer:
        here.discounts_of.setdefault(discount.customer, {})[discount.stripe_id] = discount
    here.discount_ranks[discount.stripe_id] = rank
    if coupon_known and discount.coupon:
        here.coupons.add(discount.coupon)
        if coupon_name:
            here.coupon_names[discount.coupon] = coupon_name
