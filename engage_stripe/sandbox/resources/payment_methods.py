"""Payment methods, cards only: https://docs.stripe.com/api/payment_methods."""

from __future__ import annotations

from typing import Any

from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import StripeError, invalid, missing, not_imitated
from engage_stripe.sandbox.listing import PAGING, list_of
from engage_stripe.sandbox.resources.cards_on_file import (
    EXPIRES,
    attach_to_customer,
    detach,
    new_payment_method,
    payment_method_for,
)
from engage_stripe.sandbox.resources.fields import address_hash, assign, merge_metadata
from engage_stripe.sandbox.resources.other_methods import KINDS, new_other_method
from engage_stripe.sandbox.resources.test_cards import TestCard, of_number, ready_made
from engage_stripe.sandbox.routing import Call, Route
from engage_stripe.sandbox.shapes import Shape
from engage_stripe.sandbox.state import Account


def create(call: Call) -> Obj:
    """`POST /v1/payment_methods`: a card by its number or a token, or one of `KINDS`."""
    params, kind = call.params, call.params.get("type")
    _refuse_other_details(params, kind)
    if kind == "card":
        payment_method = _new_card(call.account, params.get("card") or {})
    elif kind in KINDS:
        payment_method = new_other_method(call.account, params)
    else:
        raise not_imitated(f"payment methods of type '{kind}'", param="type")
    _assign(payment_method, params)
    return call.account.add(payment_method)


def retrieve(call: Call) -> Obj:
    """`GET /v1/payment_methods/{payment_method}`."""
    return payment_method_for(call.account, call.path["payment_method"])


def update(call: Call) -> Obj:
    """`POST /v1/payment_methods/{payment_method}`: only while it is attached to a customer."""
    payment_method = call.account.find("payment_method", call.path["payment_method"])
    if payment_method["customer"] is None:
        raise invalid(
            "You must save this PaymentMethod to a customer before you can update it.",
            param="payment_method",
        )
    _refuse_other_details(call.params, payment_method["type"])
    with call.account.changing(payment_method, "payment_method.updated"):
        _assign(payment_method, call.params)
        if "card" in call.params:
            assign(payment_method["card"], call.params["card"] or {}, "exp_month exp_year")
    return payment_method


def attach(call: Call) -> Obj:
    """`POST /v1/payment_methods/{payment_method}/attach`; a `pm_card_…` attaches a fresh copy."""
    account = call.account
    customer = call.params.get("customer")
    if customer is None:
        raise invalid("Missing required param: customer.", param="customer", code="parameter_missing")
    account.find("customer", customer, param="customer", status=400)
    return attach_to_customer(account, payment_method_for(account, call.path["payment_method"]), customer)


def detach_one(call: Call) -> Obj:
    """`POST /v1/payment_methods/{payment_method}/detach`."""
    return detach(call.account, call.account.find("payment_method", call.path["payment_method"]))


def index(call: Call) -> Obj:
    """`GET /v1/payment_methods` of one customer."""
    customer = call.params.get("customer")
    if customer is not None:
        call.account.find("customer", customer, param="customer", status=400)
    return _listed(call, customer)


def index_of_customer(call: Call) -> Obj:
    """`GET /v1/customers/{customer}/payment_methods`."""
    return _listed(call, call.account.find("customer", call.path["customer"])["id"])


def retrieve_of_customer(call: Call) -> Obj:
    """`GET /v1/customers/{customer}/payment_methods/{payment_method}`."""
    id = call.path["payment_method"]
    payment_method = call.account.find("payment_method", id)
    if payment_method["customer"] != call.path["customer"]:
        raise missing("payment_method", id)
    return payment_method


def _listed(call: Call, customer: str | None) -> Obj:
    type, redisplay = call.params.get("type"), call.params.get("allow_redisplay")
    return list_of(
        call,
        "payment_method",
        customer=customer,
        where=lambda each: (
            each["customer"] is not None
            and (type is None or each["type"] == type)
            and (redisplay is None or each["allow_redisplay"] == redisplay)
        ),
    )


def _refuse_other_details(params: dict[str, Any], kind: str | None) -> None:
    """StripeError 400 for the details of a type that the payment method does not have."""
    for name in ("card", *KINDS):
        if name in params and name != kind:
            raise invalid(
                f"You provided parameters for '{name}', but the type of the PaymentMethod is '{kind}'.",
                param=name,
            )


def _new_card(account: Account, given: dict[str, Any]) -> Obj:
    expires = (given.get("exp_month", EXPIRES[0]), given.get("exp_year", EXPIRES[1]))
    return new_payment_method(account, _chosen_card(given), expires)


def _chosen_card(given: dict[str, Any]) -> TestCard:
    token, number = given.get("token"), given.get("number")
    if token is not None:
        card = ready_made(token)
        if card is None or not token.startswith("tok_"):
            raise missing("token", token, param="card[token]", status=400)
        return card
    if number is None:
        raise invalid("Missing required param: card[number].", param="card[number]", code="parameter_missing")
    card = of_number(number)
    if card is None:
        raise StripeError(
            402,
            "Your card number is incorrect.",
            type="card_error",
            code="incorrect_number",
            param="number",
        )
    return card


def _assign(payment_method: Obj, params: dict[str, Any]) -> None:
    assign(payment_method, params, "allow_redisplay")
    merge_metadata(payment_method, params)
    for name, value in (params.get("billing_details") or {}).items():
        details = payment_method["billing_details"]
        details[name] = address_hash(value or {}) if name == "address" else value


_ASSIGNED = "allow_redisplay billing_details card metadata"
_PATH = "/v1/payment_methods/{payment_method}"

ROUTES = (
    Route(
        "POST",
        "/v1/payment_methods",
        create,
        "payment_method_write",
        accepts=f"{_ASSIGNED} link sepa_debit type us_bank_account",
        refuses="card.networks us_bank_account.financial_connections_account",
    ),
    Route(
        "GET",
        "/v1/payment_methods",
        index,
        "payment_method_read",
        accepts=f"{PAGING} allow_redisplay customer type",
    ),
    Route("GET", _PATH, retrieve, "payment_method_read"),
    Route(
        "POST",
        _PATH,
        update,
        "payment_method_write",
        accepts=_ASSIGNED,
        refuses="card.networks",
    ),
    Route("POST", f"{_PATH}/attach", attach, "payment_method_write", accepts="customer"),
    Route("POST", f"{_PATH}/detach", detach_one, "payment_method_write"),
    Route(
        "GET",
        "/v1/customers/{customer}/payment_methods",
        index_of_customer,
        "payment_method_read",
        accepts=f"{PAGING} allow_redisplay type",
    ),
    Route(
        "GET",
        "/v1/customers/{customer}/payment_methods/{payment_method}",
        retrieve_of_customer,
        "payment_method_read",
    ),
)

SHAPES = {"payment_method": Shape()}
