"""Discounts: https://docs.stripe.com/api/discounts."""

from __future__ import annotations

from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import missing
from engage_stripe.sandbox.routing import Call, Route
from engage_stripe.sandbox.shapes import Shape
from engage_stripe.sandbox.state import Account


def delete_from_subscription(call: Call) -> Obj:
    """`DELETE /v1/subscriptions/{subscription_exposed_id}/discount`: the newest one goes."""
    account = call.account
    sub = account.find("subscription", call.path["subscription_exposed_id"])
    if not sub["discounts"]:
        raise missing("discount", sub["id"])
    discount = account.find("discount", sub["discounts"][-1])
    with account.changing(sub, "customer.subscription.updated"):
        sub["discounts"] = sub["discounts"][:-1]
    return _delete(account, discount)


def delete_from_customer(call: Call) -> Obj:
    """`DELETE /v1/customers/{customer}/discount`."""
    account = call.account
    customer = account.find("customer", call.path["customer"])
    held = customer["discount"]
    if held is None:
        raise missing("discount", customer["id"])
    with account.changing(customer, "customer.updated"):
        customer["discount"] = None
    return _delete(account, account.find("discount", held["id"]))


def show(_account: Account, discount: Obj) -> Obj:
    """The API form, without the coupon that is kept for the arithmetic."""
    return {name: value for name, value in discount.items() if name[0] != "_"}


def _delete(account: Account, discount: Obj) -> Obj:
    account.remove(discount)
    account.emit("customer.discount.deleted", discount)
    left = {name: value for name, value in show(account, discount).items() if name != "end"}
    return {**left, "deleted": True}


ROUTES = (
    Route(
        "DELETE",
        "/v1/subscriptions/{subscription_exposed_id}/discount",
        delete_from_subscription,
        "subscription_write",
    ),
    Route("DELETE", "/v1/customers/{customer}/discount", delete_from_customer, "customer_write"),
)

SHAPES = {
    "discount": Shape(
        render=show,
    )
}
