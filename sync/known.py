"""What hangs on customers and subscriptions by id, loaded for many customers at once."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from connector import statements
from sync import projection_sql as sql
from sync.facts import CustomerFact, DiscountFact, PaymentMethodFact, SubscriptionFact
from sync.observed import ConnectionId
from sync.records import as_records
from sync.traits import CustomerState, Known


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


def load_known(states: Iterable[tuple[ConnectionId, CustomerState]]) -> KnownRows:
    wanted = {key for connection_id, state in states for key in _wanted(connection_id, state)}
    rows = as_records([{"c": c, "k": kind, "s": stripe_id} for c, kind, stripe_id in wanted])
    known = KnownRows()
    for kind, connection_id, stripe_id, rank, coupon_known, name, fact in statements.rows(sql.LOAD_KNOWN, [rows]):
        here = known.of(connection_id)
        if kind == "product":
            here.product_names[stripe_id] = name
        elif kind == "payment_method":
            here.payment_methods[stripe_id] = PaymentMethodFact(**fact)
        else:
            _add_discount(here, DiscountFact(**fact), rank, name, coupon_known=coupon_known)
    return known


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


def _wanted(connection_id: ConnectionId, state: CustomerState) -> Iterable[tuple[ConnectionId, str, str]]:
    customer = state.customer
    yield connection_id, "discounts of", customer.stripe_id
    if customer.discount:
        yield connection_id, "discount", customer.discount
    holders: tuple[CustomerFact | SubscriptionFact, ...] = (customer, *state.subscriptions)
    for holder in holders:
        for reference in (holder.default_payment_method, holder.default_source):
            if reference:
                yield connection_id, "payment_method", reference
    for subscription in state.subscriptions:
        yield from ((connection_id, "discount", one) for one in subscription.discounts)
        yield from ((connection_id, "product", item["product"]) for item in subscription.items if item["product"])
