"""What Stripe can tell us, in the few fields that the traits and the pickers need. Plain data, no database.

One dataclass per mirrored object; its fields are the columns of the mirror. Times are epoch seconds, money is in
minor units, both as Stripe has them. Fields with ``compare=False`` change on their own and contradict nobody.

Nobody changes a fact. They are not ``frozen`` all the same: making them would take three times as long, and reading an
event is little else.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

Json: TypeAlias = dict[str, Any]


@dataclass(slots=True)
class CustomerFact:
    """https://docs.stripe.com/api/customers/object"""

    stripe_id: str
    deleted: bool = False
    email: str | None = None
    created: int | None = None
    currency: str | None = None
    delinquent: bool | None = None
    default_payment_method: str | None = None
    default_source: str | None = None
    discount: str | None = None


@dataclass(slots=True)
class SubscriptionFact:
    """https://docs.stripe.com/api/subscriptions/object; ``items`` and ``discounts`` as in the mirror."""

    stripe_id: str
    customer: str
    status: str
    created: int
    deleted: bool = False
    currency: str | None = None
    current_period_start: int | None = None
    current_period_end: int | None = None
    cancel_at: int | None = None
    cancel_at_period_end: bool = False
    canceled_at: int | None = None
    ended_at: int | None = None
    trial_start: int | None = None
    trial_end: int | None = None
    collection_method: str | None = None
    billing_mode: str | None = None
    collection_paused: str | None = None
    schedule: str | None = None
    default_payment_method: str | None = None
    default_source: str | None = None
    items: list[Json] = field(default_factory=list)
    discounts: list[str] = field(default_factory=list)


@dataclass(slots=True)
class DiscountFact:
    """https://docs.stripe.com/api/discounts/object"""

    stripe_id: str
    deleted: bool = False
    customer: str | None = None
    subscription: str | None = None
    coupon: str | None = None
    promotion_code: str | None = None
    start: int | None = None
    end: int | None = None


@dataclass(slots=True)
class PaymentMethodFact:
    """A payment method, a card or a source; ``deleted`` once it is detached, of the ``customer`` that had it."""

    stripe_id: str
    deleted: bool = False
    customer: str | None = None
    type: str | None = None
    card_brand: str | None = None
    card_country: str | None = None
    card_exp_month: int | None = None
    card_exp_year: int | None = None
    card_wallet_type: str | None = None


@dataclass(slots=True)
class PaymentFact:
    """The last thing that happened to the customer's payments: one failed, or one was paid."""

    customer: str
    payment_failed: bool


@dataclass(slots=True)
class ProductFact:
    """https://docs.stripe.com/api/products/object"""

    stripe_id: str
    name: str | None = None
    deleted: bool = False
    active: bool = True


@dataclass(slots=True)
class PriceFact:
    """https://docs.stripe.com/api/prices/object or the plan it replaced. ``currency_options`` None: not told."""

    stripe_id: str
    product: str | None = None
    currency: str | None = None
    deleted: bool = False
    nickname: str | None = None
    active: bool = True
    currency_options: Json | None = field(default=None, compare=False)
    unit_amount: str | None = None
    billing_scheme: str | None = None
    interval: str | None = None
    interval_count: int | None = None
    usage_type: str | None = None
    created: int | None = None


@dataclass(slots=True)
class CouponFact:
    """https://docs.stripe.com/api/coupons/object. ``applies_to_products``, ``currency_options`` None: not told."""

    stripe_id: str
    duration: str | None = None
    deleted: bool = False
    name: str | None = None
    valid: bool = field(default=True, compare=False)
    amount_off: int | None = None
    percent_off: str | None = None
    currency: str | None = None
    duration_in_months: int | None = None
    redeem_by: int | None = None
    max_redemptions: int | None = None
    times_redeemed: int = field(default=0, compare=False)
    applies_to_products: list[str] | None = field(default=None, compare=False)
    currency_options: Json | None = field(default=None, compare=False)
    created: int | None = None


@dataclass(slots=True)
class PromotionCodeFact:
    """https://docs.stripe.com/api/promotion_codes/object"""

    stripe_id: str
    code: str | None = None
    deleted: bool = False
    coupon: str | None = None
    active: bool = True
    customer: str | None = None
    expires_at: int | None = None
    max_redemptions: int | None = None
    times_redeemed: int = field(default=0, compare=False)
    first_time_transaction: bool = False
    minimum_amount: int | None = None
    minimum_amount_currency: str | None = None
    created: int | None = None


MirroredFact: TypeAlias = (
    CustomerFact
    | SubscriptionFact
    | DiscountFact
    | PaymentMethodFact
    | ProductFact
    | PriceFact
    | CouponFact
    | PromotionCodeFact
)
Fact: TypeAlias = MirroredFact | PaymentFact


class Doubt(NamedTuple):
    """Something that only a fetch can settle: which object of which type to read, and why."""

    object_type: str
    stripe_id: str
    reason: str


OWNED = ("subscription", "payment_method", "invoice")
"""Object types of doubts that are settled by reading the customer whose object it is."""


def customer_of(fact: Fact) -> str | None:
    """The customer whose traits the fact may change."""
    match fact:
        case CustomerFact():
            return fact.stripe_id
        case SubscriptionFact() | DiscountFact() | PaymentMethodFact() | PaymentFact():
            return fact.customer
        case _:
            return None


@dataclass(slots=True)
class Reading:
    """What one event or one fetched object says."""

    facts: list[Fact] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)

    @property
    def customer(self) -> str | None:
        """Whom it is about, where it is about one."""
        for fact in self.facts:
            if customer := customer_of(fact):
                return customer
        return next((one.stripe_id for one in self.doubts if one.object_type == "customer"), None)

    def add(self, other: "Reading") -> None:
        self.facts += other.facts
        self.doubts += other.doubts
