"""Customers: https://docs.stripe.com/api/customers."""

from __future__ import annotations

from typing import Any

from engage_stripe.sandbox.billing.cancellation import cancel_all
from engage_stripe.sandbox.billing.collecting import attempt
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import missing
from engage_stripe.sandbox.listing import DEFAULT_LIMIT, PAGING, list_object, list_of
from engage_stripe.sandbox.resources.cards_on_file import (
    attach_to_customer,
    check_attachable,
    not_attached,
    payment_method_for,
    payment_method_of,
    release,
)
from engage_stripe.sandbox.resources.fields import assign
from engage_stripe.sandbox.resources.new_customer import PLAIN, assign_customer, new_customer
from engage_stripe.sandbox.resources.sources import add_card, card_of_token, included
from engage_stripe.sandbox.routing import Call, Route
from engage_stripe.sandbox.shapes import Shape
from engage_stripe.sandbox.state import Account

DEFAULT = "invoice_settings[default_payment_method]"
ENDED = ("canceled", "incomplete_expired")


def create(call: Call) -> Obj:
    """`POST /v1/customers`; everything that can be refused is checked before anything is stored."""
    account, params = call.account, call.params
    clock = params.get("test_clock")
    if clock is not None:
        account.find("test_helpers.test_clock", clock, param="test_clock", status=400)
    card = card_of_token(params["source"]) if params.get("source") else None
    payment_method = _offered(account, params)
    customer = new_customer(account, clock=clock)
    assign_customer(customer, params)
    account.add(customer)
    customer["created"] = account.now(customer["id"])
    if payment_method is not None:
        attach_to_customer(account, payment_method, customer["id"])
        if _default(params) is not None:
            customer["invoice_settings"]["default_payment_method"] = payment_method["id"]
    if card is not None:
        customer["default_source"] = add_card(account, customer, card, {})["id"]
    account.emit("customer.created", customer)
    return customer


def retrieve(call: Call) -> Obj:
    """`GET /v1/customers/{customer}`; a deleted one answers `deleted: true`."""
    id = call.path["customer"]
    return call.account.deleted.get(id) or call.account.find("customer", id)


def update(call: Call) -> Obj:
    """`POST /v1/customers/{customer}`; a `source` becomes the default card."""
    account, params = call.account, call.params
    customer = account.find("customer", call.path["customer"])
    source, default = params.get("default_source"), _default(params)
    if source is not None and (account.get("card", source) or {}).get("customer") != customer["id"]:
        raise missing("source", source, param="default_source", status=400)
    card = card_of_token(params["source"]) if params.get("source") else None
    if default is not None:
        default = payment_method_of(account, default, customer["id"], param=DEFAULT)
    with account.changing(customer, "customer.updated"):
        assign_customer(customer, params)
        assign(customer, params, "default_source")
        if "default_payment_method" in (params.get("invoice_settings") or {}):
            customer["invoice_settings"]["default_payment_method"] = default
        if card is not None:
            customer["default_source"] = add_card(account, customer, card, {})["id"]
    if card is not None:
        _collect_past_due(account, customer["id"])
    return customer


def delete(call: Call) -> Obj:
    """`DELETE /v1/customers/{customer}`: also cancels every subscription at once and lets go of its cards."""
    customer = call.account.find("customer", call.path["customer"])
    cancel_all(call.account, customer["id"])
    for payment_method in call.account.collection("payment_method").of_customer(customer["id"]):
        release(call.account, payment_method)
    call.account.emit("customer.deleted", customer)
    return call.account.remove(customer)


def index(call: Call) -> Obj:
    """`GET /v1/customers`; `email` matches exactly and case-sensitively."""
    email, clock = call.params.get("email"), call.params.get("test_clock")
    return list_of(
        call,
        "customer",
        where=lambda customer: (
            (email is None or customer["email"] == email) and (clock is None or customer["test_clock"] == clock)
        ),
    )


def _collect_past_due(account: Account, customer: str) -> None:
    """https://docs.stripe.com/api/customers/update: a new valid source retries what is past due."""
    for subscription in account.collection("subscription").of_customer(customer):
        invoice = account.get("invoice", subscription["latest_invoice"] or "")
        automatic = subscription["collection_method"] == "charge_automatically"
        if subscription["status"] == "past_due" and automatic and invoice and invoice["status"] == "open":
            attempt(account, invoice, account.now(customer))


def _offered(account: Account, params: dict[str, Any]) -> Obj | None:
    id, default = params.get("payment_method"), _default(params)
    if default not in (None, id):
        raise not_attached(default, param=DEFAULT)
    if id is None:
        return None
    payment_method = payment_method_for(account, id, param="payment_method", status=400)
    check_attachable(account, payment_method)
    return payment_method


def _default(params: dict[str, Any]) -> Any:
    return (params.get("invoice_settings") or {}).get("default_payment_method")


def _subscriptions(account: Account, customer: Obj) -> Obj:
    live = [
        subscription
        for subscription in account.collection("subscription").of_customer(customer["id"])
        if subscription["status"] not in ENDED
    ]
    url = f"/v1/customers/{customer['id']}/subscriptions"
    return list_object(url, live[:DEFAULT_LIMIT], has_more=len(live) > DEFAULT_LIMIT)


_ASSIGNED = f"{PLAIN} address shipping invoice_settings metadata source"
_PATH = "/v1/customers/{customer}"

ROUTES = (
    Route(
        "POST",
        "/v1/customers",
        create,
        "customer_write",
        accepts=f"{_ASSIGNED} payment_method test_clock",
    ),
    Route("GET", "/v1/customers", index, "customer_read", accepts=f"{PAGING} created email test_clock"),
    Route("GET", _PATH, retrieve, "customer_read"),
    Route(
        "POST",
        _PATH,
        update,
        "customer_write",
        accepts=f"{_ASSIGNED} default_source",
    ),
    Route("DELETE", _PATH, delete, "customer_write"),
)

SHAPES = {
    "customer": Shape(
        includable={"sources": included, "subscriptions": _subscriptions},
    )
}
