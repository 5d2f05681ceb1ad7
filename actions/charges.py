"""What a subscription's items cost for a period and what its coupons take off, as far as is known here.

Amounts are in minor units; usage and tiers have none that could be known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from actions.catalogue import find_entry
from actions.stripe_state import Item, Subscription, items_of, reference_id
from connector.models import Connection
from sync.models import Coupon, Price, PromotionCode

Terms = tuple[str, int]  # interval and count


@dataclass(frozen=True, slots=True)
class Charge:
    """One item's price for a whole period, in minor units."""

    amount: Decimal
    product: str
    terms: Terms


class UnknownAmountError(Exception):
    """A plan has no fixed amount."""


def changed_charges(connection: Connection, subscription: Subscription, params: Mapping[str, Any]) -> list[Charge]:
    new = {item["id"]: item for item in params.get("items", [])}
    currency = subscription["currency"]
    return [
        _new_charge(connection, item, new[item["id"]], currency) if item["id"] in new else charge_of(item)
        for item in items_of(subscription)
    ]


def _new_charge(connection: Connection, item: Item, new: Mapping[str, Any], currency: str) -> Charge:
    quantity = new.get("quantity", item.get("quantity"))
    if "price_data" in new:
        price = new["price_data"]
        recurring = price["recurring"]
        terms = (recurring["interval"], recurring["interval_count"])
        return Charge(Decimal(price["unit_amount"]) * (quantity or 1), price["product"], terms)
    if "price" not in new:
        return replace(charge_of(item), amount=_unit_amount(item) * (quantity or 1))
    return charge_at(find_price(connection, new["price"]), quantity, currency)


def charge_of(item: Item) -> Charge:
    price, recurring = item["price"], item["price"]["recurring"]
    amount = _unit_amount(item) * (item.get("quantity") or 1)
    return Charge(amount, reference_id(price["product"]), (recurring["interval"], recurring["interval_count"]))


def _unit_amount(item: Item) -> Decimal:
    amount = item["price"].get("unit_amount_decimal") or item["price"].get("unit_amount")
    if amount is None or item["price"]["recurring"].get("usage_type") == "metered":
        raise UnknownAmountError
    return Decimal(str(amount))


def charge_at(price: Price, quantity: int | None, currency: str) -> Charge:
    other = (price.currency_options or {}).get(currency) or {}
    amount = price.unit_amount if price.currency == currency else other.get("unit_amount")
    if amount is None or price.usage_type == "metered":
        raise UnknownAmountError
    terms = (price.interval or "", price.interval_count or 1)
    return Charge(Decimal(str(amount)) * (quantity or 1), price.product, terms)


def find_price(connection: Connection, stripe_id: str) -> Price:
    price = find_entry(Price, connection=connection, stripe_id=stripe_id)
    if price is None:
        raise UnknownAmountError
    return price


def discounted(
    connection: Connection, subscription: Subscription, charges: Sequence[Charge], discounts: Any
) -> int:
    """``discounts`` as a request has them; None leaves the subscription's as they are."""
    present = {one["id"]: one for one in subscription["discounts"] or [] if isinstance(one, dict)}
    given = [{"discount": one} for one in present] if discounts is None else discounts or []
    kept = [_coupon_of(present[entry["discount"]]) for entry in given if entry.get("discount") in present]
    added = coupons_in(connection, [entry for entry in given if "discount" not in entry])
    return after_coupons(charges, [*(coupon for coupon in kept if coupon), *added])


def _coupon_of(discount: dict[str, Any]) -> dict[str, Any] | None:
    """Where it is expanded: https://docs.stripe.com/api/discounts/object"""
    coupon = (discount.get("source") or {}).get("coupon")
    return coupon if isinstance(coupon, dict) else None


def coupons_in(connection: Connection, discounts: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    found = []
    for entry in discounts:
        coupon_id = entry.get("coupon")
        if code_id := entry.get("promotion_code"):
            code = find_entry(PromotionCode, connection=connection, stripe_id=code_id)
            coupon_id = code.coupon if code else None
        coupon = find_entry(Coupon, connection=connection, stripe_id=coupon_id) if coupon_id else None
        if coupon:
            products = {"products": coupon.applies_to_products or []}
            found.append(
                {"percent_off": coupon.percent_off, "amount_off": coupon.amount_off, "applies_to": products}
            )
    return found


def after_coupons(charges: Sequence[Charge], coupons: Sequence[Mapping[str, Any]]) -> int:
    """In their order, each off what the ones before it left: https://docs.stripe.com/billing/subscriptions/coupons"""
    left = {index: charge.amount for index, charge in enumerate(charges)}
    for coupon in coupons:
        products = (coupon.get("applies_to") or {}).get("products")
        meant = [index for index, charge in enumerate(charges) if not products or charge.product in products]
        total = sum((left[index] for index in meant), Decimal(0))
        off = total * Decimal(str(coupon["percent_off"])) / 100 if coupon.get("percent_off") else Decimal(0)
        off = min(off or Decimal(coupon.get("amount_off") or 0), total)
        for index in meant:
            left[index] -= off * left[index] / total if total else Decimal(0)
    return round(sum(left.values(), Decimal(0)))
