"""Rows of *Pause* and *Resume*."""

from typing import Any

from tests.actions.matrix.reading import NO_MORE
from tests.actions.matrix.table import PAYING, Row, in_each

RUNNING = (*PAYING, "unpaid")
CHARGED = ("active", "past_due", "unpaid")


def pause(case: str, outcomes: dict[str, str], **fields: Any) -> Row:
    return Row(action="pause", case=case, outcomes=outcomes, **fields)


PAUSED = {"paused": "no_op is_paused"}
BEHAVIORS = {"void": "void invoices", "keep_as_draft": "keep drafts", "mark_uncollectible": "mark uncollectible"}
UNTIL = (
    ("until resumed", {"until": "resumed"}, "None"),
    ("for 2 billing cycles", {"until": "cycles", "length": 2}, "+46.0833 d"),
    ("for 10 days", {"until": "days", "length": 10}, "+10 d"),
)
WHOLE = in_each(CHARGED, "succeeded") | PAUSED
IN_TRIAL = {"trialing": "not_allowed in_trial"}
STOPPED = {"status": "paused", "period": "+0 d", "waits": -1035}
PAUSE = (
    *(
        pause(
            f"collection, {words}, {length}",
            in_each(RUNNING, "succeeded") | PAUSED,
            parameters={"pause": "collection", "behavior": behavior, **until},
            everywhere=behavior == "void" and "length" not in until,
            effect={"collection": f"{behavior} until {end}"},
        )
        for behavior, words in BEHAVIORS.items()
        for length, until, end in UNTIL
    ),
    *(
        pause(
            f"the subscription, {length}",
            WHOLE | IN_TRIAL,
            parameters={"pause": "subscription", **until},
            effect=STOPPED,
        )
        for length, until, _ in UNTIL
    ),
    pause(
        "collection, for billing cycles, as many as one",
        in_each(RUNNING, "succeeded") | PAUSED,
        parameters={"until": "cycles"},
        effect={"collection": "void until +15.0833 d"},
    ),
    pause(
        "collection; it is paused",
        in_each(RUNNING, "no_op is_paused"),
        circumstances=("collection paused",),
    ),
    pause(
        "the subscription; collection is paused",
        in_each(CHARGED, "succeeded") | IN_TRIAL,
        parameters={"pause": "subscription"},
        circumstances=("collection paused",),
        effect=STOPPED,
    ),
    pause(
        "the subscription; classic billing mode",
        {"active": "not_allowed classic_billing"},
        parameters={"pause": "subscription"},
        circumstances=("classic billing",),
    ),
    pause(
        "the subscription; invoices are sent",
        {"active": "not_allowed collected_by_invoice"},
        parameters={"pause": "subscription"},
        circumstances=("sent invoices",),
    ),
    pause(
        "the subscription; a schedule of somebody else's",
        in_each(CHARGED, "not_allowed managed_by_schedule") | IN_TRIAL,
        parameters={"pause": "subscription"},
        circumstances=("a schedule",),
    ),
    pause(
        "collection; a schedule of somebody else's",
        in_each(RUNNING, "succeeded"),
        circumstances=("a schedule",),
        effect={"collection": "void until None"},
    ),
)


def resume(case: str, outcomes: dict[str, str], *, anchor: str = "now", **fields: Any) -> Row:
    parameters = {"billing_cycle_anchor": anchor}
    return Row(action="resume", case=case, parameters=parameters, outcomes=outcomes, **fields)


NOT_PAUSED = in_each(RUNNING, "no_op not_paused")
A_NEW_PERIOD = {"status": "active", "anchor": "+0 d", "period": "+30 d"}
RESUME = (
    resume(
        "a new period now",
        NOT_PAUSED | {"paused": "succeeded"},
        everywhere=True,
        effect=A_NEW_PERIOD | {"waits": NO_MORE, "bills": ["690 paid"]},
    ),
    resume(
        "the billing date unchanged",
        NOT_PAUSED | {"paused": "succeeded"},
        anchor="unchanged",
        effect={"status": "active", "period": "+15 d", "waits": -345},
    ),
    *(
        resume(
            f"a new period now; {words}",
            {"paused": "requires_action payment_open"},
            card=card,
            effect={"waits": NO_MORE, "bills": ["690 open"]},
        )
        for card, words in (("declined", "the card is declined"), ("3ds", "the card needs 3-D Secure"))
    ),
    resume("a new period now; there is no card", {"paused": "failed rejected_by_stripe"}, card="none"),
    resume(
        "the billing date unchanged; the card is declined",
        {"paused": "succeeded"},
        anchor="unchanged",
        card="declined",
        effect={"status": "active", "period": "+15 d", "waits": -345},
    ),
    *(
        resume(
            f"collection is paused, {words}",
            in_each(RUNNING, "succeeded"),
            anchor=anchor,
            circumstances=("collection paused",),
            effect={"collection": NO_MORE},
        )
        for anchor, words in (("now", "a new period now"), ("unchanged", "the billing date unchanged"))
    ),
    resume(
        "collection is paused too",
        {"paused": "succeeded"},
        circumstances=("collection paused",),
        effect=A_NEW_PERIOD | {"waits": NO_MORE, "bills": ["690 paid"]},
    ),
)

ROWS = (*PAUSE, *RESUME)
