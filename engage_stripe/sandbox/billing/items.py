"""What an `items` parameter does to a subscription.

Without an item id a price is added and both bill; a new price without a quantity means one.
https://docs.stripe.com/billing/subscriptions/change-price
"""

from __future__ import annotations

from typing import Any

from engage_stripe.sandbox.billing.charges import is_metered
from engage_stripe.sandbox.billing.discounts import set_discounts
from engage_stripe.sandbox.billing.draft import Draft
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import invalid, missing
from engage_stripe.sandbox.resources.fields import merge_metadata
from engage_stripe.sandbox.resources.new_price import new_price

MAX_ITEMS = 20
_UNITS = {"day": (1, "days"), "week": (7, "days"), "month": (1, "months"), "year": (12, "months")}


def change_items(draft: Draft, given: list[dict[str, Any]]) -> None:
    """Add, change and remove items as a request says; their periods are the caller's to set."""
    for place, each in enumerate(given):
        param = f"items[{place}]"
        if "id" in each:
            _change(draft, each, param)
        else:
            _add(draft, each, param)
    _check(draft)


def _change(draft: Draft, given: dict[str, Any], param: str) -> None:
    item = draft.item(given["id"])
    if item is None:
        raise missing("subscription_item", given["id"], param=f"{param}[id]", status=400)
    if given.get("deleted"):
        draft.items.remove(item)
        draft.removed.append(item)
        return
    old = item["price"]
    if any(name in given for name in ("price", "plan", "price_data")):
        item["price"] = _price(draft, given, param)["id"]
    if item["price"] != old or "quantity" in given:
        _set_quantity(draft, item, given, param)
    _assign(draft, item, given, param)


def _add(draft: Draft, given: dict[str, Any], param: str) -> None:
    item: Obj = {
        "id": draft.account.ids.new("si"),
        "object": "subscription_item",
        "_debits": [],
        "_whole_end": None,
        "billing_thresholds": None,
        "created": draft.now,
        "current_period_end": 0,
        "current_period_start": 0,
        "discounts": [],
        "metadata": {},
        "price": _price(draft, given, param)["id"],
        "subscription": draft.sub["id"],
        "tax_rates": [],
    }
    if any(other["price"] == item["price"] for other in draft.items):
        raise invalid(f"Cannot add multiple subscription items with the same plan: {item['price']}", param=param)
    _set_quantity(draft, item, given, param)
    draft.items.append(item)
    _assign(draft, item, given, param)


def _assign(draft: Draft, item: Obj, given: dict[str, Any], param: str) -> None:
    merge_metadata(item, given)
    if "discounts" in given:
        set_discounts(draft, item, given["discounts"], f"{param}[discounts]")


def _set_quantity(draft: Draft, item: Obj, given: dict[str, Any], param: str) -> None:
    if is_metered(draft.price(item)):
        if "quantity" in given:
            raise invalid(
                f"You cannot set the quantity for metered plans: {item['price']}.", param=f"{param}[quantity]"
            )
        item.pop("quantity", None)
        return
    item["quantity"] = given.get("quantity", 1)
    if item["quantity"] < 0:
        raise invalid("Invalid non-negative integer", param=f"{param}[quantity]")


def _price(draft: Draft, given: dict[str, Any], param: str) -> Obj:
    data = given.get("price_data")
    if data is not None:
        # https://docs.stripe.com/products-prices/manage-prices#create-inline-prices: not for later use
        made = _usable(draft, new_price(draft.account, {**data, "active": False}), param, inline=True)
        draft.new_prices[made["id"]] = made
        return made
    id = given.get("price") or given.get("plan")
    if id is None:
        raise invalid(
            f"Missing required param: {param}[price].", param=f"{param}[price]", code="parameter_missing"
        )
    price = draft.account.find("price", id, param=f"{param}[price]", status=400)
    # A schedule keeps to its prices: it names inline ones, and others may be archived before their phase.
    return _usable(draft, price, param, inline=given.get("scheduled", False))


def _usable(draft: Draft, price: Obj, param: str, *, inline: bool) -> Obj:
    if not price["active"] and not inline:
        raise invalid(
            "The price specified is inactive. This field only accepts active prices.", param=f"{param}[price]"
        )
    if price["type"] != "recurring":
        raise invalid(
            "The price specified is set to `type=one_time` but this field only accepts prices with "
            "`type=recurring`.",
            param=f"{param}[price]",
        )
    currency = draft.sub["currency"]
    if currency and price["currency"] != currency and currency not in (price.get("currency_options") or {}):
        raise invalid(
            f"The price specified only supports `{price['currency']}`. This doesn't match the expected "
            f"currency: `{currency}`.",
            param=f"{param}[price]",
        )
    return price


def _check(draft: Draft) -> None:
    if not draft.items:
        raise invalid(
            "A subscription must have at least one active plan. To cancel a subscription, please use the "
            "cancel API endpoint.",
            param="items",
        )
    if len(draft.items) > MAX_ITEMS:
        raise invalid(f"A subscription can have at most {MAX_ITEMS} items.", param="items")
    check_intervals(draft)


def check_intervals(draft: Draft) -> None:
    """One interval in classic mode; in flexible mode every interval is a multiple of the shortest.

    https://docs.stripe.com/billing/subscriptions/mixed-interval
    """
    intervals = {
        (price["recurring"]["interval"], price["recurring"]["interval_count"])
        for price in map(draft.price, draft.items)
    }
    if len(intervals) == 1:
        return
    if draft.sub["billing_mode"]["type"] == "classic":
        raise invalid(
            "Currency and interval fields must match across all plans on this subscription. Found mismatch "
            "in interval field.",
            param="items",
        )
    lengths = [(_UNITS[name][0] * count, _UNITS[name][1]) for name, count in intervals]
    shortest = min(lengths)
    if any(unit != shortest[1] or length % shortest[0] for length, unit in lengths):
        raise invalid(
            "All prices on a subscription must have intervals that are multiples of the shortest interval.",
            param="items",
        )
