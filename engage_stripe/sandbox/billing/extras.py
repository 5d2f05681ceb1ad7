"""One-off lines: https://docs.stripe.com/api/subscriptions/create#create_subscription-add_invoice_items."""

from __future__ import annotations

from typing import Any

from engage_stripe.sandbox.billing.amounts import in_currency, price_amount
from engage_stripe.sandbox.billing.draft import Draft
from engage_stripe.sandbox.billing.lines import Line, product_name
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import invalid
from engage_stripe.sandbox.resources.new_price import new_price

MAX_EXTRAS = 20


def add_invoice_items(draft: Draft, given: list[dict[str, Any]]) -> None:
    """Add a line for each one-time price."""
    if len(given) > MAX_EXTRAS:
        raise invalid(f"You may pass up to {MAX_EXTRAS} items.", param="add_invoice_items")
    for place, each in enumerate(given):
        price = _price(draft, each, f"add_invoice_items[{place}][price]")
        quantity = each.get("quantity", 1)
        draft.lines.append(
            Line(
                description=product_name(draft.account, price),
                amount=price_amount(in_currency(price, draft.sub["currency"]), quantity),
                currency=draft.sub["currency"],
                start=draft.now,
                end=draft.now,
                price=price,
                quantity=quantity,
                subscription=draft.sub["id"],
                item=None,
                metadata=each.get("metadata") or {},
            )
        )


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
