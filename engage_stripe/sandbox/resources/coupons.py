"""Coupons: https://docs.stripe.com/api/coupons."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import invalid
from engage_stripe.sandbox.listing import PAGING, list_of
from engage_stripe.sandbox.resources.currencies import currency_of
from engage_stripe.sandbox.resources.fields import assign, merge_metadata
from engage_stripe.sandbox.routing import Call, Route
from engage_stripe.sandbox.shapes import Shape, stored
from engage_stripe.sandbox.state import Account

HIDDEN = ("applies_to", "currency_options")


def create(call: Call) -> Obj:
    """`POST /v1/coupons`."""
    coupon = call.account.add(new_coupon(call.account, call.params))
    call.account.emit("coupon.created", coupon)
    return coupon


def new_coupon(account: Account, params: dict[str, Any]) -> Obj:
    """A coupon that is not stored yet; StripeError for one that Stripe would refuse."""
    _check(account, params)
    coupon: Obj = {
        "id": params.get("id") or account.ids.text(8),
        "object": "coupon",
        "amount_off": params.get("amount_off"),
        "created": account.now(),
        "currency": currency_of(params["currency"]) if params.get("currency") else None,
        "duration": params.get("duration", "once"),
        "duration_in_months": params.get("duration_in_months"),
        "livemode": account.livemode,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": {},
        "name": params.get("name"),
        "percent_off": _percentage(params.get("percent_off")),
        "redeem_by": params.get("redeem_by"),
        "times_redeemed": 0,
        "applies_to": params.get("applies_to"),
        "currency_options": params.get("currency_options", {}),
    }
    merge_metadata(coupon, params)
    return coupon


def retrieve(call: Call) -> Obj:
    """`GET /v1/coupons/{coupon}`."""
    return call.account.find("coupon", call.path["coupon"])


def update(call: Call) -> Obj:
    """`POST /v1/coupons/{coupon}`: only name, metadata and currencies can change."""
    coupon = call.account.find("coupon", call.path["coupon"])
    with call.account.changing(coupon, "coupon.updated"):
        assign(coupon, call.params, "name")
        merge_metadata(coupon, call.params)
        coupon["currency_options"] |= call.params.get("currency_options") or {}
    return coupon


def delete(call: Call) -> Obj:
    """`DELETE /v1/coupons/{coupon}`: discounts that exist stay, and go on naming the coupon in full."""
    coupon = call.account.find("coupon", call.path["coupon"])
    call.account.emit("coupon.deleted", coupon)
    stone = call.account.remove(coupon)
    call.account.deleted[coupon["id"]] = {**coupon, "valid": False}
    return stone


def index(call: Call) -> Obj:
    """`GET /v1/coupons`."""
    return list_of(call, "coupon")


def is_valid(account: Account, coupon: Obj) -> bool:
    """Whether it can still be applied to a customer: not past `redeem_by`, redemptions left."""
    most, last = coupon["max_redemptions"], coupon["redeem_by"]
    return (most is None or coupon["times_redeemed"] < most) and (last is None or account.now() < last)


def show(account: Account, coupon: Obj) -> Obj:
    """The coupon with `valid` as of now, without what comes only when expanded."""
    shown = {name: value for name, value in coupon.items() if name not in HIDDEN}
    return {**shown, "valid": is_valid(account, coupon)}


def _check(account: Account, params: dict[str, Any]) -> None:
    percent, amount = params.get("percent_off"), params.get("amount_off")
    if params.get("id") and account.get("coupon", params["id"]) is not None:
        raise invalid("Coupon already exists.", param="id", code="resource_already_exists")
    if percent is None and amount is None:
        raise invalid("Must provide percent_off or amount_off", param="percent_off")
    if percent is not None and amount is not None:
        raise invalid("You may only specify one of these parameters: amount_off, percent_off.")
    if percent is not None and not 0 < Decimal(percent) <= 100:
        raise invalid("Invalid percent_off: must be between 0 and 100", param="percent_off")
    if amount is not None and amount < 1:
        raise invalid("Invalid positive integer", param="amount_off", code="parameter_invalid_integer")
    if amount is not None and not params.get("currency"):
        raise invalid("Must provide currency when amount_off is provided", param="currency")
    _check_duration(params)
    for product in (params.get("applies_to") or {}).get("products", ()):
        account.find("product", product, param="applies_to[products]", status=400)


def _check_duration(params: dict[str, Any]) -> None:
    months = params.get("duration_in_months")
    if params.get("duration") == "repeating":
        if months is None or months < 1:
            raise invalid(
                "You must pass a positive duration_in_months when duration is repeating.",
                param="duration_in_months",
            )
    elif months is not None:
        raise invalid("duration_in_months can only be set when duration is repeating.", param="duration_in_months")


def _percentage(exact: str | None) -> int | float | None:
    if exact is None:
        return None
    value = float(exact)
    return int(value) if value.is_integer() else value


ROUTES = (
    Route(
        "POST",
        "/v1/coupons",
        create,
        "coupon_write",
        accepts="amount_off applies_to currency currency_options duration duration_in_months id "
        "max_redemptions metadata name percent_off redeem_by",
    ),
    Route("GET", "/v1/coupons", index, "coupon_read", accepts=f"{PAGING} created"),
    Route("GET", "/v1/coupons/{coupon}", retrieve, "coupon_read"),
    Route("POST", "/v1/coupons/{coupon}", update, "coupon_write", accepts="currency_options metadata name"),
    Route("DELETE", "/v1/coupons/{coupon}", delete, "coupon_write"),
)

SHAPES = {
    "coupon": Shape(
        render=show,
        includable={
            "applies_to": stored("coupon", "applies_to"),
            "currency_options": stored("coupon", "currency_options"),
        },
    )
}
