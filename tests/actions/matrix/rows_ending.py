"""Rows of *Cancel subscription* and *Keep subscription*."""

from typing import Any

from actions.definitions.cancel_subscription import FEEDBACK
from tests.actions.matrix.reading import NO_MORE
from tests.actions.matrix.table import LIVE, PAYING, Row, in_each

RUNNING = (*PAYING, "unpaid")
NO_PERIOD = {
    "paused": "not_allowed status_paused",
    "incomplete": "not_allowed status_incomplete",
}
AT_PERIOD_END = {"ends": "+15 d", "ends with the period": True}


def cancel(case: str, outcomes: dict[str, str], *, given: Any = None, **fields: Any) -> Row:
    return Row(action="cancel_subscription", case=case, parameters=given or {}, outcomes=outcomes, **fields)


def cancel_now(case: str, *, given: Any = None, **fields: Any) -> Row:
    parameters = {"timing": "now", **(given or {})}
    effect = {"status": "canceled"}
    unpaid = {"incomplete": {"status": "incomplete_expired", "bills": ["2070 void"]}}
    return cancel(
        case,
        in_each(LIVE, "succeeded"),
        given=parameters,
        effect=effect | fields.pop("effect", {}),
        in_status=unpaid | fields.pop("in_status", {}),
        **fields,
    )


CANCEL = (
    cancel("at period end", in_each(RUNNING, "succeeded") | NO_PERIOD, everywhere=True, effect=AT_PERIOD_END),
    *(
        cancel(
            f"at period end, because: {label.lower()}",
            in_each(RUNNING, "succeeded") | NO_PERIOD,
            given={"feedback": feedback},
            effect=AT_PERIOD_END | {"feedback": feedback},
            in_docs=feedback == "too_expensive",
        )
        for feedback, label in FEEDBACK.items()
    ),
    cancel_now("now"),
    cancel_now(
        "now, credit the unused time",
        given={"prorate": True},
        effect={"waits": -1035},
        in_status={
            "trialing": {"waits": None},
            "paused": {"waits": None},
            "incomplete": {"status": "incomplete_expired", "bills": ["2070 void"], "waits": None},
        },
    ),
    cancel_now(
        "now, invoice what is open",
        given={"invoice_now": True},
        in_status={"paused": {"waits": NO_MORE, "bills": ["-1380 paid"], "balance": -1380}},
    ),
    cancel_now(
        "now, credit the unused time and invoice it",
        given={"prorate": True, "invoice_now": True},
        effect={"bills": ["-1035 paid"], "balance": -1035},
        in_status={
            "trialing": {"bills": None, "balance": None},
            "paused": {"waits": NO_MORE, "bills": ["-1380 paid"], "balance": -1380},
            "incomplete": {"status": "incomplete_expired", "bills": ["2070 void"], "balance": None},
        },
    ),
    *(
        cancel_now(
            f"now, because: {label.lower()}",
            given={"feedback": feedback},
            effect={"feedback": feedback},
            only_in=("active", "paused", "incomplete"),
            in_docs=feedback == "too_expensive",
        )
        for feedback, label in FEEDBACK.items()
    ),
    cancel(
        "at period end; it is about to end",
        in_each(RUNNING, "no_op is_cancelling"),
        circumstances=("cancelling",),
    ),
    cancel(
        "at period end; it would end sooner",
        {"active": "no_op is_cancelling"},
        circumstances=("ends sooner",),
    ),
    cancel(
        "at period end; it would end later",
        in_each(RUNNING, "succeeded"),
        circumstances=("ends later",),
        effect=AT_PERIOD_END,
    ),
    cancel(
        "at period end; plans of mixed intervals",
        {"active": "succeeded"},
        circumstances=("mixed intervals",),
        effect={"ends": "+15 d", "waits": -496},
    ),
    cancel(
        "at period end; classic billing mode",
        in_each(PAYING, "succeeded"),
        circumstances=("classic billing",),
        effect=AT_PERIOD_END,
    ),
    *(
        cancel(
            f"{case}; a schedule of somebody else's",
            in_each(RUNNING, "not_allowed managed_by_schedule"),
            given=given,
            circumstances=("a schedule",),
        )
        for case, given in (("at period end", {}), ("now", {"timing": "now"}))
    ),
)


def keep(case: str, outcomes: dict[str, str], **fields: Any) -> Row:
    return Row(action="keep_subscription", case=case, outcomes=outcomes, **fields)


KEEP = (
    keep("no cancellation pending", in_each(RUNNING, "no_op not_cancelling"), everywhere=True),
    keep(
        "it is about to end with the period",
        in_each(RUNNING, "succeeded"),
        circumstances=("cancelling",),
        effect={"ends": NO_MORE, "ends with the period": NO_MORE},
    ),
    keep(
        "it is about to end later",
        in_each(RUNNING, "succeeded"),
        circumstances=("ends later",),
        effect={"ends": NO_MORE},
    ),
    keep(
        "it is about to end sooner",
        {"active": "succeeded"},
        circumstances=("ends sooner",),
        effect={"ends": NO_MORE, "period": "+15 d", "waits": 0},
    ),
)

ROWS = (*CANCEL, *KEEP)
