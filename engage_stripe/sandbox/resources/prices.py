"""Prices: https://docs.stripe.com/api/prices."""

from __future__ import annotations

from typing import Any

from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.listing import PAGING, list_of
from engage_stripe.sandbox.resources.fields import assign, merge_metadata
from engage_stripe.sandbox.resources.new_price import currency_options, new_price, take_lookup_key
from engage_stripe.sandbox.routing import Call, Route
from engage_stripe.sandbox.shapes import Shape, stored
from engage_stripe.sandbox.state import Account

HIDDEN = ("tiers", "currency_options")


def create(call: Call) -> Obj:
    """`POST /v1/prices`."""
    return create_price(call.account, call.params)


def create_price(account: Account, params: dict[str, Any]) -> Obj:
    """Store a price and emit `price.created`; StripeError for a price that Stripe would refuse."""
    price = new_price(account, params)
    account.add(price)
    account.emit("price.created", price)
    return price


def retrieve(call: Call) -> Obj:
    """`GET /v1/prices/{price}`."""
    return call.account.find("price", call.path["price"])


def update(call: Call) -> Obj:
    """`POST /v1/prices/{price}`: amount, currency and interval never change."""
    price = call.account.find("price", call.path["price"])
    with call.account.changing(price, "price.updated"):
        assign(price, call.params, "active nickname tax_behavior")
        merge_metadata(price, call.params)
        take_lookup_key(call.account, price, call.params)
        options = call.params.get("currency_options")
        if options:
            price["currency_options"].update(currency_options(price, options))
    return price


def index(call: Call) -> Obj:
    """`GET /v1/prices`."""
    names = ("active", "currency", "product", "type")
    wanted = {name: call.params[name] for name in names if name in call.params}
    lookup_keys = call.params.get("lookup_keys")
    recurring = call.params.get("recurring") or {}
    return list_of(
        call,
        "price",
        where=lambda price: (
            (lookup_keys is None or price["lookup_key"] in lookup_keys)
            and all(price[name] == value for name, value in wanted.items())
            and all((price["recurring"] or {}).get(name) == value for name, value in recurring.items())
        ),
    )


def show(_account: Account, price: Obj) -> Obj:
    """The price without the fields that come only when expanded."""
    return {name: value for name, value in price.items() if name not in HIDDEN}


ROUTES = (
    Route(
        "POST",
        "/v1/prices",
        create,
        "plan_write",
        accepts="active billing_scheme currency currency_options lookup_key metadata nickname product "
        "product_data recurring tax_behavior tiers tiers_mode transfer_lookup_key transform_quantity "
        "unit_amount unit_amount_decimal",
        refuses="currency_options.tiers product_data.tax_code product_data.tax_details",
    ),
    Route(
        "GET",
        "/v1/prices",
        index,
        "plan_read",
        accepts=f"{PAGING} created active currency lookup_keys product recurring type",
    ),
    Route("GET", "/v1/prices/{price}", retrieve, "plan_read"),
    Route(
        "POST",
        "/v1/prices/{price}",
        update,
        "plan_write",
        accepts="active currency_options lookup_key metadata nickname tax_behavior transfer_lookup_key",
    ),
)

SHAPES = {
    "price": Shape(
        render=show,
        includable={
            "tiers": stored("price", "tiers"),
            "currency_options": stored("price", "currency_options"),
        },
    )
}
