"""Who pays and how it ends: payment method priority, test card outcomes, the errors of failed payments.

https://docs.stripe.com/billing/subscriptions/payment-methods-setting
"""

from __future__ import annotations

from engage_stripe.sandbox.billing.cards import SUCCEEDED, PaymentOutcome, charge_outcome
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import StripeError, invalid
from engage_stripe.sandbox.state import Account

ACTION_MESSAGE = (
    "This payment requires additional user action before it can be completed successfully. Payment can be "
    "completed using the PaymentIntent associated with "
)


def payment_method_of(account: Account, sub: Obj | None, customer: Obj) -> str | None:
    """The id that would be charged: the subscription's own, then the customer's defaults.

    One that was detached meanwhile counts as none.
    """
    own = [sub["default_payment_method"], sub["default_source"]] if sub else []
    defaults = [customer["invoice_settings"]["default_payment_method"], customer["default_source"]]
    chosen = (_stored(account, id) for id in [*own, *defaults] if id)
    found = next((method for method in chosen if method and method["customer"] == customer["id"]), None)
    return found["id"] if found else None


def outcome_of(account: Account, method: str) -> PaymentOutcome:
    """How a charge of a stored payment method or card ends."""
    stored = _stored(account, method) or {}
    card = stored if stored.get("object") == "card" else stored.get("card")
    return charge_outcome(card["last4"]) if card else SUCCEEDED


def no_payment_method() -> StripeError:
    """What Stripe answers when something must be charged and nothing can be.

    https://docs.stripe.com/billing/subscriptions/payment-methods-setting
    """
    return invalid(
        "This customer has no attached payment source or default payment method. Please consider adding a "
        "default payment method. For more information, visit "
        "https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority.",
        code="resource_missing",
    )


def payment_error(outcome: PaymentOutcome, noun: str) -> StripeError:
    """The 402 of a payment that was declined or wants 3-D Secure; `noun` is `invoice` or `subscription`.

    https://docs.stripe.com/error-codes, https://docs.stripe.com/declines/codes
    """
    if outcome.status == "requires_action":
        code = f"{noun}_payment_intent_requires_action"
        return StripeError(402, f"{ACTION_MESSAGE}{noun}.", type="card_error", code=code)
    extra = {"decline_code": outcome.decline_code} if outcome.decline_code else {}
    return StripeError(402, outcome.message or "", type="card_error", code=outcome.code, extra=extra)


def set_delinquent(account: Account, customer: Obj, *, delinquent: bool) -> None:
    """https://docs.stripe.com/api/customers/object#customer_object-delinquent."""
    if customer["delinquent"] != delinquent:
        with account.changing(customer, "customer.updated"):
            customer["delinquent"] = delinquent


def _stored(account: Account, id: str) -> Obj | None:
    return account.get("payment_method", id) or account.get("card", id)
