"""Making a payment method of a card and keeping it on a customer.

https://docs.stripe.com/api/payment_methods/attach
"""

from __future__ import annotations

import hashlib

from engage_stripe.sandbox.billing.cards import DECLINED_ON_ATTACH
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import StripeError, invalid
from engage_stripe.sandbox.resources.fields import address_hash
from engage_stripe.sandbox.resources.test_cards import TestCard, ready_made
from engage_stripe.sandbox.state import Account

EXPIRES = (12, 2034)
CHECKS = {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"}


def new_payment_method(account: Account, card: TestCard, expires: tuple[int, int] = EXPIRES) -> Obj:
    """A card payment method that is not stored and belongs to nobody yet; `expires` is (month, year)."""
    return blank_payment_method(account, "card", _card(account, card, expires))


def blank_payment_method(account: Account, type: str, details: Obj) -> Obj:
    """What all types have in common, and the type's own details."""
    return {
        "id": account.ids.new("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": {
            "address": address_hash({}),
            "email": None,
            "name": None,
            "phone": None,
            "tax_id": None,
        },
        "created": account.now(),
        "customer": None,
        "customer_account": None,
        "livemode": account.livemode,
        "metadata": {},
        "type": type,
        type: details,
    }


def payment_method_for(account: Account, id: str, *, param: str = "id", status: int = 404) -> Obj:
    """The stored payment method; a fresh one for a ready-made id such as `pm_card_visa`."""
    card = ready_made(id)
    if card is not None and id.startswith("pm_"):
        return account.add(new_payment_method(account, card))
    return account.find("payment_method", id, param=param, status=status)


def payment_method_of(account: Account, id: str, customer: str, *, param: str) -> str:
    """The id of a payment method named as a default; StripeError 400 unless the customer has it.

    A ready-made one is attached on the spot.
    """
    payment_method = payment_method_for(account, id, param=param, status=400)
    if payment_method["customer"] != customer and ready_made(id) is None:
        raise not_attached(id, param=param)
    found: str = attach_to_customer(account, payment_method, customer)["id"]
    return found


def not_attached(id: str, *, param: str) -> StripeError:
    """A payment method named as a default belongs to somebody else, or to nobody."""
    return invalid(
        f"The customer does not have a payment method with the ID {id}. The payment method must be attached "
        "to the customer.",
        param=param,
        code="resource_missing",
    )


def check_attachable(account: Account, payment_method: Obj) -> None:
    """StripeError when it belongs to a customer already, was used up, or its issuer refuses it."""
    if payment_method["customer"] is not None:
        raise invalid(
            "The payment method you provided has already been attached to a customer.",
            param="payment_method",
            code="payment_method_unexpected_state",
        )
    if account.get("_detached_payment_method", payment_method["id"]) is not None:
        raise invalid(
            "This PaymentMethod was previously used without being attached to a Customer or was detached "
            "from a Customer, and may not be used again.",
            param="payment_method",
        )
    if payment_method["type"] == "card":
        refuse_declined(payment_method["card"]["last4"])


def attach_to_customer(account: Account, payment_method: Obj, customer: str) -> Obj:
    """Attach, unless it already is that customer's; StripeError as `check_attachable` says."""
    if payment_method["customer"] != customer:
        check_attachable(account, payment_method)
        payment_method["customer"] = customer
        account.add(payment_method)
        account.emit("payment_method.attached", payment_method)
    return payment_method


def detach(account: Account, payment_method: Obj) -> Obj:
    """Detach; it can never be attached again, and stops being the customer's default."""
    customer_id = payment_method["customer"]
    if customer_id is None:
        raise invalid(
            "The payment method you provided is not attached to a customer so detachment is impossible.",
            param="payment_method",
        )
    release(account, payment_method)
    customer = account.find("customer", customer_id)
    settings = customer["invoice_settings"]
    if settings["default_payment_method"] == payment_method["id"]:
        with account.changing(customer, "customer.updated"):
            settings["default_payment_method"] = None
    return payment_method


def release(account: Account, payment_method: Obj) -> None:
    """What detaching and the end of the customer do to the payment method itself."""
    account.add({"id": payment_method["id"], "object": "_detached_payment_method"})
    previous = {"customer": payment_method["customer"]}
    payment_method["customer"] = None
    account.emit("payment_method.detached", payment_method, previous)


def refuse_declined(last4: str) -> None:
    """StripeError 402 for a test card that its issuer refuses as soon as it is saved."""
    declined = DECLINED_ON_ATTACH.get(last4)
    if declined is None:
        return
    extra = {"decline_code": declined.decline_code} if declined.decline_code else {}
    raise StripeError(402, declined.message or "", type="card_error", code=declined.code, extra=extra)


def fingerprint(account: Account, number: str) -> str:
    """The same for the same number within an account."""
    return hashlib.sha256(f"{account.id}{number}".encode()).hexdigest()[:16]


def _card(account: Account, card: TestCard, expires: tuple[int, int]) -> Obj:
    return {
        "brand": card.brand,
        "checks": dict(CHECKS),
        "country": card.country,
        "display_brand": card.brand,
        "exp_month": expires[0],
        "exp_year": expires[1],
        "fingerprint": fingerprint(account, card.number),
        "funding": card.funding,
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }
