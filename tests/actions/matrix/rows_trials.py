"""Rows of *Extend trial* and *Convert trial now*."""

from typing import Any

from tests.actions.matrix.table import Row, in_each


def extend(case: str, outcomes: dict[str, str], *, days: int = 7, most: int | None = None, **fields: Any) -> Row:
    parameters = {"trial_period_days": days} | ({"most_extensions": most} if most else {})
    return Row(action="extend_trial", case=case, parameters=parameters, outcomes=outcomes, **fields)


def on_trial_until(end: str) -> dict[str, Any]:
    """A trial that starts or moves makes an invoice of nothing."""
    return {"trial": end, "anchor": end, "period": end, "bills": ["0 paid"]}


BOTH = in_each(("active", "trialing"), "succeeded")
NOW_FREE = {"status": "trialing"}
EXTEND = (
    extend(
        "by 7 days",
        BOTH,
        everywhere=True,
        effect=on_trial_until("+22 d"),
        in_status={"active": NOW_FREE},
    ),
    extend("at most twice", BOTH, most=2, effect=on_trial_until("+22 d"), in_status={"active": NOW_FREE}),
    extend("to more than two years", {"active": "not_allowed trial_too_long"}, days=730),
    extend("by two years", {"trialing": "succeeded"}, days=730, effect=on_trial_until("+745 d")),
    extend(
        "a schedule of somebody else's",
        in_each(("active", "trialing"), "not_allowed managed_by_schedule"),
        circumstances=("a schedule",),
    ),
    extend(
        "it is about to end",
        {"trialing": "succeeded"},
        circumstances=("cancelling",),
        effect=on_trial_until("+22 d") | {"ends": "+22 d"},
    ),
)


def convert(case: str, outcome: str, *, behavior: str, **fields: Any) -> Row:
    return Row(
        action="convert_trial",
        case=case,
        parameters={"payment_behavior": behavior},
        outcomes={"trialing": outcome},
        **fields,
    )


OVER = {"status": "active", "trial": "+0 d", "anchor": "+0 d", "period": "+30 d"}
IF_IT_FAILS = {
    "error_if_incomplete": "if the payment fails, change nothing",
    "allow_incomplete": "if the payment fails, end it anyway",
    "pending_if_incomplete": "if the payment fails, end it once it is paid",
}
CONVERT = (
    *(
        convert(
            words,
            "succeeded",
            behavior=behavior,
            everywhere=behavior == "error_if_incomplete",
            effect=OVER | {"bills": ["2070 paid"]},
        )
        for behavior, words in IF_IT_FAILS.items()
    ),
    *(
        convert(f"{IF_IT_FAILS[behavior]}; {words}", outcome, behavior=behavior, card=card, effect=effect)
        for card, words in (("declined", "the card is declined"), ("3ds", "the card needs 3-D Secure"))
        for behavior, outcome, effect in (
            ("error_if_incomplete", "failed payment_failed", {}),
            (
                "allow_incomplete",
                "requires_action payment_open",
                OVER | {"status": "past_due", "bills": ["2070 open"]},
            ),
            (
                "pending_if_incomplete",
                "requires_action payment_open",
                {"waits for payment": "the end of the trial", "bills": ["2070 open"]},
            ),
        )
    ),
    convert("there is no card", "failed rejected_by_stripe", behavior="error_if_incomplete", card="none"),
    convert(
        "invoices are sent",
        "succeeded",
        behavior="error_if_incomplete",
        circumstances=("sent invoices",),
        effect=OVER | {"bills": ["2070 draft"]},
    ),
    convert(
        "once it is paid; invoices are sent",
        "not_allowed collected_by_invoice",
        behavior="pending_if_incomplete",
        circumstances=("sent invoices",),
    ),
    convert(
        "a schedule of somebody else's",
        "not_allowed managed_by_schedule",
        behavior="error_if_incomplete",
        circumstances=("a schedule",),
    ),
)

ROWS = (*EXTEND, *CONVERT)
