"""Rows of *Update existing subscription* where the payment fails: declined, 3-D Secure wanted, no card."""

from typing import Any

from tests.actions.matrix.rows_plans import AT_ONCE, CHARGED, ITEMS, SUCCEEDED, TRIAL_OVER, row
from tests.actions.matrix.table import Row, in_each


def failing(case: str, behavior: str, outcome: str, **fields: Any) -> tuple[Row, ...]:
    """With a card that is declined, and one that wants 3-D Secure, which nobody can confirm at this moment."""
    wanted = in_each(CHARGED, outcome) | {"trialing": "succeeded"}
    return tuple(
        row(
            f"{case}; {'the card is declined' if card == 'declined' else 'the card needs 3-D Secure'}",
            wanted,
            given=AT_ONCE | {"payment_behavior": behavior},
            card=card,
            **fields,
        )
        for card in ("declined", "3ds")
    )


def ending_the_trial(case: str, behavior: str, outcome: str, **fields: Any) -> Row:
    return row(
        f"end the trial; {case}; the card is declined",
        {"trialing": outcome},
        given={"trial": "end", "payment_behavior": behavior},
        card="declined",
        **fields,
    )


ROWS = (
    *failing(
        "if the payment fails, change nothing",
        "error_if_incomplete",
        "failed payment_failed",
        in_status={"trialing": {"items": ITEMS}},
    ),
    *failing(
        "if the payment fails, change anyway",
        "allow_incomplete",
        "requires_action payment_open",
        effect={"items": ITEMS, "status": "past_due", "bills": ["900 open"]},
        in_status={"trialing": {"status": None, "bills": None}, "past_due": {"status": None}},
    ),
    *failing(
        "if the payment fails, change once it is paid",
        "pending_if_incomplete",
        "requires_action payment_open",
        effect={"waits for payment": "2 pro, 1 addon", "bills": ["900 open"]},
        in_status={"trialing": {"items": ITEMS, "waits for payment": None, "bills": None}},
    ),
    ending_the_trial("if the payment fails, change nothing", "error_if_incomplete", "failed payment_failed"),
    ending_the_trial(
        "if the payment fails, change anyway",
        "allow_incomplete",
        "requires_action payment_open",
        effect={"items": ITEMS, **TRIAL_OVER, "status": "past_due", "bills": ["3870 open"]},
    ),
    ending_the_trial(
        "if the payment fails, change once it is paid",
        "pending_if_incomplete",
        "requires_action payment_open",
        effect={"waits for payment": "2 pro, 1 addon", "bills": ["3870 open"]},
    ),
    row(
        "the difference on the next invoice; the card is declined",
        SUCCEEDED,
        card="declined",
        effect={"items": ITEMS, "waits": 900},
        in_status={"trialing": {"waits": None}},
    ),
    row(
        "invoiced immediately; there is no card",
        in_each(CHARGED, "failed rejected_by_stripe") | {"trialing": "succeeded"},
        given=AT_ONCE,
        card="none",
        in_status={"trialing": {"items": ITEMS}},
    ),
)
