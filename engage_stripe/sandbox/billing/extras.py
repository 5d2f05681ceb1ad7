"""One-off lines: https://docs.stripe.com/api/subscriptions/create#create_subscription-add_invoice_items."""

from __future__ import annotations

from typing import Any

from engage_stripe.sandbox.billing.amounts import in_currency, price_amount
from engage_stripe.sandbox.billing.discounting import (
    AppliedDiscount,
    Discountable,
    apply_discounts,
    coupon_amount_off,
)
from engage_stripe.sandbox.billing.draft import Draft
from engage_stripe.sandbox.billing.lines import Line, product_name
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import invalid
from engage_stripe.sandbox.resources.new_price import new_price

MAX_EXTRAS = 20


def add_invoice_items(draft: Draft, given: list[dict[str, Any]]) -> None:
    """Add a line for each one-time price; the subscription's discounts reduce them too."""
    if len(given) > MAX_EXTRAS:
        raise invalid(f"You may pass up to {MAX_EXTRAS} items.", param="add_invoice_items")
    prices = [_price(draft, each, f"add_invoice_items[{place}][price]") for place, each in enumerate(given)]
    lines = [_line(draft, each, price) for each, price in zip(given, prices, strict=True)]
    reduced = [
        Discountable(line.amount if each.get("discountable", True) else 0, price["product"])
        for line, each, price in zip(lines, given, prices, strict=True)
    ]
    apply_discounts(reduced, _left(draft), draft.sub["currency"])
    for line, found in zip(lines, reduced, strict=True):
        line.taken = found.taken
    draft.lines += lines


def _line(draft: Draft, given: dict[str, Any], price: Obj) -> Line:
    quantity = given.get("quantity", 1)
    return Line(
        description=product_name(draft.account, price),
        amount=price_amount(in_currency(price, draft.sub["currency"]), quantity),
        currency=draft.sub["currency"],
        start=draft.now,
        end=draft.now,
        price=price,
        quantity=quantity,
        subscription=draft.sub["id"],
        item=None,
        metadata=given.get("metadata") or {},
    )


def _left(draft: Draft) -> list[AppliedDiscount]:
    """The subscription's discounts, fixed ones as far as the other lines leave something of them."""
    left = []
    for discount in draft.applied_discounts():
        coupon, currency = discount.coupon, draft.sub["currency"]
        amount = coupon_amount_off(coupon, currency)
        if discount.item is None and amount is not None:
            spent = sum(line.taken.get(discount.id, 0) for line in draft.lines)
            coupon = {**coupon, "amount_off": amount - spent, "currency": currency}
        if discount.item is None:
            left.append(AppliedDiscount(discount.id, coupon))
    return left


def _price(draft: Draft, given: dict[str, Any], param: str) -> Obj:
    data = given.get("price_data")
    if data is not None:
        made = new_price(draft.account, {**data, "active": False})
        draft.new_prices[made["id"]] = made
        return made
    price = draft.account.find("price", given.get("price") or "", param=param, status=400)
    if price["type"] != "one_time":
        raise invalid(
            "The price specified is set to `type=recurring` but this field only accepts prices with "
            "`type=one_time`.",
            param=param,
        )
    return price
