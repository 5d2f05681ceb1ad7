"""Building a customer and filling it from a request."""

from __future__ import annotations

import re
from typing import Any

from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import invalid
from engage_stripe.sandbox.resources.fields import address_hash, assign, merge_metadata
from engage_stripe.sandbox.state import Account

PLAIN = (
    "balance business_name description email individual_name invoice_prefix name next_invoice_sequence phone "
    "preferred_locales tax_exempt"
)
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
RENDERING = ("amount_tax_display", "template")


def new_customer(account: Account, *, clock: str | None) -> Obj:
    """A customer that is not stored yet; `clock` is the id of its test clock."""
    return {
        "id": account.ids.new("cus"),
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
        "invoice_prefix": account.ids.text(8).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": account.livemode,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": clock,
    }


def assign_customer(customer: Obj, params: dict[str, Any]) -> None:
    """Copy what a request says; StripeError for an e-mail address or metadata that Stripe would refuse."""
    email = params.get("email")
    if email is not None and EMAIL.fullmatch(email) is None:
        raise invalid(f"Invalid email address: {email}", param="email", code="email_invalid")
    assign(customer, params, PLAIN)
    merge_metadata(customer, params)
    settings = params.get("invoice_settings") or {}
    assign(customer["invoice_settings"], settings, "custom_fields footer")
    if "rendering_options" in settings:
        given = settings["rendering_options"]
        shown = None if given is None else {name: given.get(name) for name in RENDERING}
        customer["invoice_settings"]["rendering_options"] = shown
    if "address" in params:
        address = params["address"]
        customer["address"] = None if address is None else address_hash(address)
    if "shipping" in params:
        customer["shipping"] = _shipping(params["shipping"])


def _shipping(given: dict[str, Any] | None) -> Obj | None:
    if given is None:
        return None
    address = address_hash(given["address"])
    return {"address": address, "name": given["name"], "phone": given.get("phone")}
