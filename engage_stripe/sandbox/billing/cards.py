"""What Stripe's documented test cards do, told by their last four digits.

https://docs.stripe.com/testing
"""

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["succeeded", "declined", "requires_action"]


@dataclass(frozen=True)
class PaymentOutcome:
    """How one payment attempt ends; `code`, `decline_code` and `message` are Stripe's, for `declined`."""

    status: Outcome
    code: str | None = None
    decline_code: str | None = None
    message: str | None = None


SUCCEEDED = PaymentOutcome("succeeded")
REQUIRES_ACTION = PaymentOutcome("requires_action")
CARD_DECLINED = PaymentOutcome("declined", "card_declined", "generic_decline", "Your card was declined.")
_NO_FUNDS = PaymentOutcome("declined", "card_declined", "insufficient_funds", "Your card has insufficient funds.")

# Refused as soon as they are attached to a customer, and when charged.
DECLINED_ON_ATTACH = {
    "0002": CARD_DECLINED,
    "9995": _NO_FUNDS,
    "9987": PaymentOutcome("declined", "card_declined", "lost_card", "Your card was declined."),
    "9979": PaymentOutcome("declined", "card_declined", "stolen_card", "Your card was declined."),
    "6975": PaymentOutcome("declined", "card_declined", "card_velocity_exceeded", "Your card was declined."),
    "0069": PaymentOutcome("declined", "expired_card", None, "Your card has expired."),
    "0127": PaymentOutcome("declined", "incorrect_cvc", None, "Your card's security code is incorrect."),
    "0119": PaymentOutcome(
        "declined",
        "processing_error",
        None,
        "An error occurred while processing your card. Try again in a little bit.",
    ),
}
# Attached without complaint, then refused whenever charged.
_DECLINED_ON_CHARGE = {
    "0341": CARD_DECLINED,
    "3178": _NO_FUNDS,
}
# 3155 needs authentication unless it was set up for off-session use, which the API's own attach never does.
_AUTHENTICATION_REQUIRED = {"3184", "3155", "3220", "3063"}


def charge_outcome(last4: str) -> PaymentOutcome:
    """How a charge of the test card that ends in `last4` ends; any other card succeeds."""
    if last4 in _AUTHENTICATION_REQUIRED:
        return REQUIRES_ACTION
    return DECLINED_ON_ATTACH.get(last4) or _DECLINED_ON_CHARGE.get(last4) or SUCCEEDED
