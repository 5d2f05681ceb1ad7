"""How discounts reduce the lines of an invoice.

Discounts apply one after the other, each to what the former left; an `amount_off` is spread over the lines it
applies to in proportion and never makes a line negative.
https://docs.stripe.com/billing/subscriptions/coupons
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from engage_stripe.sandbox.billing.amounts import round_half_up
from engage_stripe.sandbox.billing.periods import add_interval

Coupon = dict[str, Any]


@dataclass(frozen=True)
class AppliedDiscount:
    """A live discount: its id, its coupon, and the item it is limited to (None: the whole subscription)."""

    id: str
    coupon: Coupon
    item: str | None = None


@dataclass
class Discountable:
    """One line's amount (minor units), what it sells, and what each discount took so far, by id."""

    amount: int
    product: str
    item: str | None = None
    taken: dict[str, int] = field(default_factory=dict)

    @property
    def rest(self) -> int:
        """What is left to pay."""
        return self.amount - sum(self.taken.values())


def apply_discounts(lines: list[Discountable], discounts: list[AppliedDiscount], currency: str) -> None:
    """Fill `taken` of every line, item discounts first."""
    for discount in sorted(discounts, key=lambda each: each.item is None):
        chosen = [line for line in lines if _applies(discount, line) and line.rest > 0]
        for line, amount in zip(chosen, _shares(discount.coupon, chosen, currency), strict=True):
            if amount:
                line.taken[discount.id] = amount


def discount_end(coupon: Coupon, start: int) -> int | None:
    """When a discount minted at `start` stops: after `duration_in_months`, else never by the clock."""
    if coupon["duration"] != "repeating":
        return None
    return add_interval(start, "month", coupon["duration_in_months"])


def coupon_amount_off(coupon: Coupon, currency: str) -> int | None:
    """The fixed reduction in `currency`, or None where the coupon has none in it."""
    if coupon.get("amount_off") is not None and coupon.get("currency") == currency:
        return int(coupon["amount_off"])
    option = (coupon.get("currency_options") or {}).get(currency)
    return int(option["amount_off"]) if option else None


def _applies(discount: AppliedDiscount, line: Discountable) -> bool:
    if discount.item is not None and discount.item != line.item:
        return False
    products = (discount.coupon.get("applies_to") or {}).get("products")
    return not products or line.product in products


def _shares(coupon: Coupon, lines: list[Discountable], currency: str) -> list[int]:
    if coupon.get("percent_off") is not None:
        rate = Decimal(str(coupon["percent_off"])) / 100
        return [round_half_up(line.rest * rate) for line in lines]
    total = sum(line.rest for line in lines)
    left = min(coupon_amount_off(coupon, currency) or 0, total)
    shares = []
    for line in lines:
        share = round_half_up(Decimal(left * line.rest) / total) if total else 0
        shares.append(share)
        left, total = left - share, total - line.rest
    return shares
