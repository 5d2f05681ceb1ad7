"""Customers: https://docs.stripe.com/api/customers."""

from __future__ import annotations

from typing import Any

from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.listing import PAGING, list_of
from engage_stripe.sandbox.resources.fields import assign, merge_metadata
from engage_stripe.sandbox.routing import Call, Route
from engage_stripe.sandbox.shapes import Shape

PLAIN = "balance description email name phone tax_exempt preferred_locales invoice_prefix next_invoice_sequence"
ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")


def create(call: Call) -> Obj:
    """`POST /v1/customers`."""
    clock = call.params.get("test_clock")
    if clock is not None:
        call.account.find("test_helpers.test_clock", clock, param="test_clock", status=400)
    customer = _new(call)
    customer["test_clock"] = clock
    call.account.add(customer)
    customer["created"] = call.account.now(customer["id"])
    _assign(customer, call)
    call.account.emit("customer.created", customer)
    return customer


def retrieve(call: Call) -> Obj:
    """`GET /v1/customers/{customer}`; a deleted one answers `deleted: true`."""
    id = call.path["customer"]
    return call.account.deleted.get(id) or call.account.find("customer", id)


def update(call: Call) -> Obj:
    """`POST /v1/customers/{customer}`."""
    customer = call.account.find("customer", call.path["customer"])
    with call.account.changing(customer, "customer.updated"):
        _assign(customer, call)
    return customer


def delete(call: Call) -> Obj:
    """`DELETE /v1/customers/{customer}`: also cancels every subscription at once."""
    customer = call.account.find("customer", call.path["customer"])
    call.account.emit("customer.deleted", customer)
    return call.account.remove(customer)


def index(call: Call) -> Obj:
    """`GET /v1/customers`; `email` matches exactly and case-sensitively."""
    email, clock = call.params.get("email"), call.params.get("test_clock")
    return list_of(
        call,
        "customer",
        where=lambda customer: (email is None or customer["email"] == email)
        and (clock is None or customer["test_clock"] == clock),
    )


def _new(call: Call) -> Obj:
    return {
        "id": call.account.ids.new("cus"),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": 0,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": call.account.ids.text(8).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": call.account.livemode,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }


def _assign(customer: Obj, call: Call) -> None:
    params = call.params
    assign(customer, params, PLAIN)
    merge_metadata(customer, params)
    if "address" in params:
        customer["address"] = _address(params["address"])
    if "shipping" in params:
        customer["shipping"] = _shipping(params["shipping"])
    for name, value in (params.get("invoice_settings") or {}).items():
        customer["invoice_settings"][name] = value


def _address(given: dict[str, Any] | None) -> Obj | None:
    return None if given is None else {name: given.get(name) for name in ADDRESS}


def _shipping(given: dict[str, Any] | None) -> Obj | None:
    if given is None:
        return None
    return {"address": _address(given["address"]), "name": given["name"], "phone": given.get("phone")}


_ASSIGNED = f"{PLAIN} address shipping invoice_settings metadata"
_REFUSED = "invoice_settings.rendering_options invoice_settings.custom_fields"

ROUTES = (
    Route(
        "POST",
        "/v1/customers",
        create,
        "customer_write",
        accepts=f"{_ASSIGNED} test_clock",
        refuses=_REFUSED,
    ),
    Route("GET", "/v1/customers", index, "customer_read", accepts=f"{PAGING} created email test_clock"),
    Route("GET", "/v1/customers/{customer}", retrieve, "customer_read"),
    Route(
        "POST",
        "/v1/customers/{customer}",
        update,
        "customer_write",
        accepts=_ASSIGNED,
        refuses=_REFUSED,
    ),
    Route("DELETE", "/v1/customers/{customer}", delete, "customer_write"),
)

SHAPES = {
    "customer": Shape(
        expandable={
            "default_source": ("card",),
            "invoice_settings.default_payment_method": ("payment_method",),
            "test_clock": ("test_helpers.test_clock",),
        }
    )
}
