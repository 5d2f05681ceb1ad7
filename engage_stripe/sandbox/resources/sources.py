"""Cards of the old kind, kept directly on a customer.

https://docs.stripe.com/api/cards
"""

from __future__ import annotations

from typing import Any

from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import missing
from engage_stripe.sandbox.listing import PAGING, list_object, list_of
from engage_stripe.sandbox.resources.cards_on_file import EXPIRES, fingerprint, refuse_declined
from engage_stripe.sandbox.resources.fields import assign, merge_metadata
from engage_stripe.sandbox.resources.test_cards import TestCard, ready_made
from engage_stripe.sandbox.routing import Call, Route
from engage_stripe.sandbox.shapes import Shape
from engage_stripe.sandbox.state import Account

# Cards of this kind spell brands as on the plastic, payment methods do not.
BRANDS = {
    "visa": "Visa",
    "mastercard": "MasterCard",
    "amex": "American Express",
    "discover": "Discover",
    "diners": "Diners Club",
    "jcb": "JCB",
    "unionpay": "UnionPay",
}
PLAIN = "name address_city address_country address_line1 address_line2 address_state address_zip"


def create(call: Call) -> Obj:
    """`POST /v1/customers/{customer}/sources`; the first card becomes the default."""
    customer = call.account.find("customer", call.path["customer"])
    card = add_card(call.account, customer, card_of_token(call.params["source"]), call.params)
    if customer["default_source"] is None:
        with call.account.changing(customer, "customer.updated"):
            customer["default_source"] = card["id"]
    return card


def card_of_token(token: str) -> TestCard:
    """The card behind a token; StripeError for an unknown token or a refused card."""
    known = ready_made(token)
    if known is None or not token.startswith("tok_"):
        raise missing("token", token, param="source", status=400)
    refuse_declined(known.last4)
    return known


def add_card(account: Account, customer: Obj, known: TestCard, params: dict[str, Any]) -> Obj:
    """Store a card on the customer, with the `metadata` of the request."""
    card: Obj = {
        "id": account.ids.new("card"),
        "object": "card",
        **dict.fromkeys(PLAIN.split()),
        "address_line1_check": None,
        "address_zip_check": None,
        "allow_redisplay": "unspecified",
        "brand": BRANDS[known.brand],
        "country": known.country,
        "customer": customer["id"],
        "cvc_check": "pass",
        "dynamic_last4": None,
        "exp_month": EXPIRES[0],
        "exp_year": EXPIRES[1],
        "fingerprint": fingerprint(account, known.number),
        "funding": known.funding,
        "last4": known.last4,
        "metadata": {},
        "regulated_status": "unregulated",
        "tokenization_method": None,
    }
    merge_metadata(card, params)
    account.add(card)
    account.emit("customer.source.created", card)
    return card


def retrieve(call: Call) -> Obj:
    """`GET /v1/customers/{customer}/sources/{id}`."""
    return _found(call)


def update(call: Call) -> Obj:
    """`POST /v1/customers/{customer}/sources/{id}`."""
    card = _found(call)
    with call.account.changing(card, "customer.source.updated"):
        assign(card, call.params, PLAIN)
        merge_metadata(card, call.params)
        for name in ("exp_month", "exp_year"):
            if name in call.params:
                card[name] = int(call.params[name])
    return card


def delete(call: Call) -> Obj:
    """`DELETE /v1/customers/{customer}/sources/{id}`: the newest card left becomes the default."""
    card = _found(call)
    account = call.account
    account.emit("customer.source.deleted", card)
    stone = account.remove(card)
    customer = account.find("customer", call.path["customer"])
    if customer["default_source"] == card["id"]:
        left = account.collection("card").of_customer(customer["id"])
        with account.changing(customer, "customer.updated"):
            customer["default_source"] = left[0]["id"] if left else None
    return stone


def index(call: Call) -> Obj:
    """`GET /v1/customers/{customer}/sources`."""
    customer = call.account.find("customer", call.path["customer"])
    wanted = call.params.get("object", "card")
    return list_of(call, "card", customer=customer["id"], where=lambda card: bool(card["object"] == wanted))


def included(account: Account, customer: Obj) -> Any:
    """`customer.sources` when expanded."""
    cards = account.collection("card").of_customer(customer["id"])
    return list_object(f"/v1/customers/{customer['id']}/sources", cards)


def _found(call: Call) -> Obj:
    id = call.path["id"]
    card = call.account.find("card", id)
    if card["customer"] != call.path["customer"]:
        raise missing("source", id)
    return card


_PATH = "/v1/customers/{customer}/sources"

ROUTES = (
    Route("POST", _PATH, create, "source_write", accepts="source metadata"),
    Route("GET", _PATH, index, "source_read", accepts=f"{PAGING} object"),
    Route("GET", f"{_PATH}/{{id}}", retrieve, "source_read"),
    Route(
        "POST",
        f"{_PATH}/{{id}}",
        update,
        "source_write",
        accepts=f"{PLAIN} exp_month exp_year metadata",
    ),
    Route("DELETE", f"{_PATH}/{{id}}", delete, "source_write"),
)

SHAPES = {"card": Shape()}
