"""*Update existing subscription* now, in full: every choice with every other, in every status it is possible in.

Timing, proration, billing date, payment behavior and trial bear on one another, so their whole product runs, with a
good card and with one that is declined. Quantity and coupon go through all of it by turns: each meets every pair of the
others' choices. What must come of it is worked out here from Stripe's documentation, not from the product's code:
https://docs.stripe.com/billing/subscriptions/change-price, https://docs.stripe.com/billing/subscriptions/prorations,
https://docs.stripe.com/api/subscriptions/update#update_subscription-payment_behavior
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import product
from typing import Any

from tests.actions.matrix.table import PAYING, Row

PRORATIONS = ("create_prorations", "always_invoice", "none")
ANCHORS = ("unchanged", "now")
BEHAVIORS = ("error_if_incomplete", "allow_incomplete", "pending_if_incomplete")
TRIALS = ("keep", "end")
CARDS = ("good", "declined")
LOYALTY, THANKS = 10, 5  # percent off
HALF_OF_BASIC, HALF_OF_ADDON = 900, 135  # cents of two of Basic and one Add-on, after the loyalty discount
PRO, ADDON = 2000, 300


@dataclass(frozen=True)
class Choice:
    """One combination of parameters; ``quantity`` and ``has_coupon`` take turns."""

    proration: str
    anchor: str
    behavior: str
    trial: str
    quantity: int | None
    has_coupon: bool

    @property
    def parameters(self) -> dict[str, Any]:
        given = {
            "price": "{pro}",
            "timing": "now",
            "proration_behavior": self.proration,
            "billing_cycle_anchor": self.anchor,
            "payment_behavior": self.behavior,
            "trial": self.trial,
        }
        optional = {"quantity": self.quantity, "coupon": "{thanks}" if self.has_coupon else None}
        return given | {name: value for name, value in optional.items() if value}

    @property
    def case(self) -> str:
        more = [f"quantity {self.quantity}"] if self.quantity else []
        more += ["a coupon"] if self.has_coupon else []
        words = [self.proration, f"anchor {self.anchor}", self.behavior, f"trial {self.trial}", *more]
        return ", ".join(words)


def choices() -> Iterator[Choice]:
    for place, (proration, anchor, behavior, trial) in enumerate(product(PRORATIONS, ANCHORS, BEHAVIORS, TRIALS)):
        turn = (place + place // 2 + place // 6) % 4
        yield Choice(proration, anchor, behavior, trial, (None, 5)[turn % 2], turn >= 2)


def _outcome(choice: Choice, status: str, card: str) -> tuple[str, dict[str, Any]]:
    """What Stripe must come to, and what is different then."""
    quantity = choice.quantity or 2
    change: dict[str, Any] = {"items": {"item": f"{quantity} pro", "other item": "1 addon"}}
    if choice.has_coupon:
        change |= {"discounts": ["loyalty", "new thanks"], "redeemed thanks": 1}
    on_trial = status == "trialing"
    ends_trial = on_trial and choice.trial == "end"
    restarts = ends_trial or (choice.anchor == "now" and not on_trial)
    due = _due(choice, quantity, restarts=restarts, charged=not on_trial)
    if restarts:
        change |= {"anchor": "+0 d", "period": "+30 d"}
    if ends_trial:
        change |= {"status": "active", "trial": "+0 d"}
    is_billed = restarts or (due is not None and choice.proration == "always_invoice")
    if not is_billed:
        return "succeeded", change | ({} if due is None else {"waits": due})
    if card == "good":
        return "succeeded", _paid(change, status, due or 0)
    return _unpaid(change, status, choice, due or 0, quantity)


def _due(choice: Choice, quantity: int, *, restarts: bool, charged: bool) -> int | None:
    """The lines that the change makes; None where it makes none."""
    whole, addon = (_less(amount, has_coupon=choice.has_coupon) for amount in (PRO * quantity, ADDON))
    prorates = charged and choice.proration != "none"
    if restarts:
        return whole + addon - (HALF_OF_BASIC + HALF_OF_ADDON if prorates else 0)
    return whole // 2 - HALF_OF_BASIC if prorates else None


def _less(amount: int, *, has_coupon: bool) -> int:
    """After the discounts, each of what the one before left: https://docs.stripe.com/billing/subscriptions/coupons"""
    for percent in (LOYALTY, THANKS) if has_coupon else (LOYALTY,):
        off = Decimal(amount * percent) / 100
        amount -= int(off.quantize(Decimal(1), ROUND_HALF_UP))
    return amount


def _paid(change: dict[str, Any], status: str, due: int) -> dict[str, Any]:
    """A paid newest invoice ends being past due: https://docs.stripe.com/billing/subscriptions/overview"""
    return change | {"bills": [f"{due} paid"]} | ({"status": "active"} if status == "past_due" else {})


def _unpaid(
    change: dict[str, Any], status: str, choice: Choice, due: int, quantity: int
) -> tuple[str, dict[str, Any]]:
    bill = {"bills": [f"{due} open"]}
    if choice.behavior == "error_if_incomplete":
        return "failed payment_failed", {}
    if choice.behavior == "allow_incomplete":
        late = {} if status == "past_due" else {"status": "past_due"}
        return "requires_action payment_open", change | bill | late
    discounts = ", loyalty, a new discount" if choice.has_coupon else ""
    waits = {"waits for payment": f"{quantity} pro, 1 addon{discounts}"}
    return "requires_action payment_open", waits | bill


def rows() -> Iterator[Row]:
    """One row for each choice and card."""
    for choice, card in product(choices(), CARDS):
        found = {status: _outcome(choice, status, card) for status in PAYING}
        yield Row(
            action="update_subscription",
            case=f"{choice.case}; card {card}",
            parameters=choice.parameters,
            outcomes={status: outcome for status, (outcome, _) in found.items()},
            in_status={status: effect for status, (_, effect) in found.items()},
            card=card,
            in_docs=False,
        )
