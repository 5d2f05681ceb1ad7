"""Promotion codes: https://docs.stripe.com/api/promotion_codes."""

from __future__ import annotations

from typing import Any

from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import invalid
from engage_stripe.sandbox.listing import PAGING, list_of
from engage_stripe.sandbox.resources.coupons import is_valid
from engage_stripe.sandbox.resources.fields import merge_metadata
from engage_stripe.sandbox.routing import Call, Route
from engage_stripe.sandbox.shapes import Shape
from engage_stripe.sandbox.state import Account


def create(call: Call) -> Obj:
    """`POST /v1/promotion_codes`."""
    account, params = call.account, call.params
    promotion_code: Obj = {
        "id": account.ids.new("promo"),
        "object": "promotion_code",
        "active": params.get("active", True),
        "code": params.get("code") or account.ids.text(8).upper(),
        "created": call.now,
        "customer": params.get("customer"),
        "customer_account": None,
        "expires_at": params.get("expires_at"),
        "livemode": account.livemode,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": {},
        "promotion": {"coupon": _coupon(account, params), "type": "coupon"},
        "restrictions": _restrictions(params.get("restrictions") or {}),
        "times_redeemed": 0,
    }
    _check(account, promotion_code)
    merge_metadata(promotion_code, params)
    account.add(promotion_code)
    account.emit("promotion_code.created", promotion_code)
    return promotion_code


def retrieve(call: Call) -> Obj:
    """`GET /v1/promotion_codes/{promotion_code}`."""
    return call.account.find("promotion_code", call.path["promotion_code"])


def update(call: Call) -> Obj:
    """`POST /v1/promotion_codes/{promotion_code}`."""
    promotion_code = call.account.find("promotion_code", call.path["promotion_code"])
    if call.params.get("active") and not is_usable(call.account, {**promotion_code, "active": True}):
        raise invalid(
            "This promotion code cannot be activated: it is expired, used up, or its coupon is no longer valid.",
            param="active",
        )
    with call.account.changing(promotion_code, "promotion_code.updated"):
        promotion_code["active"] = call.params.get("active", promotion_code["active"])
        merge_metadata(promotion_code, call.params)
        options = (call.params.get("restrictions") or {}).get("currency_options") or {}
        promotion_code["restrictions"]["currency_options"] |= options
    return promotion_code


def index(call: Call) -> Obj:
    """`GET /v1/promotion_codes`; `code` is case-insensitive."""
    params = call.params
    code, active = params.get("code"), params.get("active")
    coupon, customer = params.get("coupon"), params.get("customer")
    return list_of(
        call,
        "promotion_code",
        where=lambda each: (
            (code is None or each["code"].lower() == code.lower())
            and (active is None or is_usable(call.account, each) == active)
            and (coupon is None or each["promotion"]["coupon"] == coupon)
            and (customer is None or each["customer"] == customer)
        ),
    )


def is_usable(account: Account, promotion_code: Obj) -> bool:
    """`active` as the API shows it: switched on, not expired, redemptions left, coupon valid."""
    most, last = promotion_code["max_redemptions"], promotion_code["expires_at"]
    coupon = account.get("coupon", promotion_code["promotion"]["coupon"])
    return (
        promotion_code["active"]
        and (most is None or promotion_code["times_redeemed"] < most)
        and (last is None or account.now() < last)
        and coupon is not None
        and is_valid(account, coupon)
    )


def show(account: Account, promotion_code: Obj) -> Obj:
    """The code with `active` as of now, without what comes only when expanded."""
    restrictions = dict(promotion_code["restrictions"])
    restrictions.pop("currency_options")
    active = is_usable(account, promotion_code)
    return {**promotion_code, "active": active, "restrictions": restrictions}


def _coupon(account: Account, params: dict[str, Any]) -> str:
    id = params["promotion"].get("coupon")
    if id is None:
        raise invalid(
            "Missing required param: promotion[coupon].",
            param="promotion[coupon]",
            code="parameter_missing",
        )
    coupon = account.find("coupon", id, param="promotion[coupon]", status=400)
    if not is_valid(account, coupon):
        raise invalid(f"Coupon {id} is no longer valid.", param="promotion[coupon]")
    return str(id)


def _check(account: Account, promotion_code: Obj) -> None:
    customer = promotion_code["customer"]
    if customer is not None:
        account.find("customer", customer, param="customer", status=400)
    for other in account.collection("promotion_code"):
        if (
            other["code"].lower() == promotion_code["code"].lower()
            and is_usable(account, other)
            and other["customer"] in (None, customer)
        ):
            raise invalid(
                f"An active promotion code with `code: {promotion_code['code']}` already exists.",
                param="code",
            )


def _restrictions(given: dict[str, Any]) -> Obj:
    if (given.get("minimum_amount") is None) != (given.get("minimum_amount_currency") is None):
        raise invalid(
            "minimum_amount and minimum_amount_currency must be given together.",
            param="restrictions[minimum_amount]",
        )
    return {
        "currency_options": given.get("currency_options") or {},
        "first_time_transaction": given.get("first_time_transaction", False),
        "minimum_amount": given.get("minimum_amount"),
        "minimum_amount_currency": given.get("minimum_amount_currency"),
    }


def _currency_options(account: Account, promotion_code: Obj) -> Any:
    found = account.find("promotion_code", promotion_code["id"])
    return found["restrictions"]["currency_options"]


ROUTES = (
    Route(
        "POST",
        "/v1/promotion_codes",
        create,
        "promotion_code_write",
        accepts="active code customer expires_at max_redemptions metadata promotion restrictions",
    ),
    Route(
        "GET",
        "/v1/promotion_codes",
        index,
        "promotion_code_read",
        accepts=f"{PAGING} created active code coupon customer",
    ),
    Route("GET", "/v1/promotion_codes/{promotion_code}", retrieve, "promotion_code_read"),
    Route(
        "POST",
        "/v1/promotion_codes/{promotion_code}",
        update,
        "promotion_code_write",
        accepts="active metadata restrictions",
    ),
)

SHAPES = {
    "promotion_code": Shape(
        render=show,
        includable={"restrictions.currency_options": _currency_options},
    )
}
