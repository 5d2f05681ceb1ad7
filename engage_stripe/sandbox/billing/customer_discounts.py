"""Discounts on customers, which only older API versions could make.

They reduce the invoices of subscriptions that have none of their own, and a subscription can take one over by its
id: https://docs.stripe.com/api/subscriptions/update#update_subscription-discounts-discount
"""

from __future__ import annotations

import copy

from engage_stripe.sandbox.billing.discounting import discount_end
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.state import Account


def blank_discount(account: Account, customer: str, coupon: Obj, now: int) -> Obj:
    """A coupon as it applies to a customer from now on."""
    return {
        "id": account.ids.new("di"),
        "object": "discount",
        # A deleted coupon goes on discounting: https://docs.stripe.com/api/coupons/delete
        "_coupon": copy.deepcopy(coupon),
        "checkout_session": None,
        "customer": customer,
        "customer_account": None,
        "end": discount_end(coupon, now),
        "invoice": None,
        "invoice_item": None,
        "promotion_code": None,
        "source": {"coupon": coupon["id"], "type": "coupon"},
        "start": now,
        "subscription": None,
        "subscription_item": None,
    }


def redeem_for_customer(account: Account, customer_id: str, coupon_id: str) -> Obj:
    """Give the customer a discount of its own."""
    customer, coupon = account.find("customer", customer_id), account.find("coupon", coupon_id)
    discount = account.add(blank_discount(account, customer_id, coupon, account.now(customer_id)))
    coupon["times_redeemed"] += 1
    with account.changing(customer, "customer.updated"):
        customer["discount"] = {name: value for name, value in discount.items() if name[0] != "_"}
    account.emit("customer.discount.created", discount)
    return discount


def customer_discount(account: Account, customer_id: str) -> str | None:
    """The id of the customer's own discount."""
    customer = account.get("customer", customer_id)
    held = customer and customer["discount"]
    return str(held["id"]) if held else None


def drop_from_customer(account: Account, customer_id: str, ids: set[str]) -> None:
    """A customer's discount that was used up goes."""
    customer = account.get("customer", customer_id)
    if customer is not None and customer_discount(account, customer_id) in ids:
        with account.changing(customer, "customer.updated"):
            customer["discount"] = None
