"""Subscription items: https://docs.stripe.com/api/subscription_items."""

from __future__ import annotations

from typing import Any

from engage_stripe.sandbox.billing.draft import items_of
from engage_stripe.sandbox.billing.updates import update_subscription
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.listing import PAGING, list_of
from engage_stripe.sandbox.routing import Call, Route

_OF_ITEM = "discounts metadata plan price price_data quantity"
_OF_UPDATE = "payment_behavior proration_behavior proration_date"


def create(call: Call) -> Obj:
    """`POST /v1/subscription_items`: add a price to a subscription."""
    id = call.params["subscription"]
    sub = call.account.find("subscription", id, param="subscription", status=400)
    before = set(sub["items"])
    _update(call, sub, _named(call.params, _OF_ITEM))
    added = [item for item in items_of(call.account, sub) if item["id"] not in before]
    # A change that waits for its payment has added nothing yet.
    return added[0] if added else sub["pending_update"]["subscription_items"][-1]


def retrieve(call: Call) -> Obj:
    """`GET /v1/subscription_items/{item}`."""
    return _find(call)


def update(call: Call) -> Obj:
    """`POST /v1/subscription_items/{item}`."""
    item = _find(call)
    sub = call.account.find("subscription", item["subscription"])
    _update(call, sub, {"id": item["id"], **_named(call.params, _OF_ITEM)})
    return _find(call)


def delete(call: Call) -> Obj:
    """`DELETE /v1/subscription_items/{item}`: the subscription goes on without it."""
    item = _find(call)
    sub = call.account.find("subscription", item["subscription"])
    _update(call, sub, {"id": item["id"], "deleted": True})
    return {"id": item["id"], "object": "subscription_item", "deleted": True}


def index(call: Call) -> Obj:
    """`GET /v1/subscription_items`: in the order of the subscription."""
    sub = call.account.find("subscription", call.params["subscription"], param="subscription", status=400)
    return list_of(call, "subscription_item", within=items_of(call.account, sub))


def _update(call: Call, sub: Obj, item: dict[str, Any]) -> None:
    update_subscription(call.account, sub, {**_named(call.params, f"{_OF_UPDATE} off_session"), "items": [item]})


def _named(params: dict[str, Any], names: str) -> dict[str, Any]:
    return {name: params[name] for name in names.split() if name in params}


def _find(call: Call) -> Obj:
    return call.account.find("subscription_item", call.path["item"])


_ONE = "/v1/subscription_items/{item}"

ROUTES = (
    Route(
        "POST",
        "/v1/subscription_items",
        create,
        "subscription_write",
        accepts=f"subscription {_OF_ITEM} {_OF_UPDATE}",
    ),
    Route("GET", "/v1/subscription_items", index, "subscription_read", accepts=f"{PAGING} subscription"),
    Route("GET", _ONE, retrieve, "subscription_read"),
    Route("POST", _ONE, update, "subscription_write", accepts=f"{_OF_ITEM} {_OF_UPDATE} off_session"),
    Route(
        "DELETE",
        _ONE,
        delete,
        "subscription_write",
        accepts="payment_behavior proration_behavior proration_date",
    ),
)
