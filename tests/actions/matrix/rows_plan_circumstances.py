"""Rows of *Update existing subscription* at period end, and under other circumstances than the usual ones."""

from tests.actions.matrix.reading import NO_MORE
from tests.actions.matrix.rows_plans import AT_ONCE, ITEMS, NO_OP, SUCCEEDED, row
from tests.actions.matrix.table import PAYING, in_each

LATER = {"timing": "period_end"}
PRO_LATER = ["until +15 d: 2 basic, 1 addon, loyalty", "until +46 d: 2 pro, 1 addon, loyalty"]

AT_PERIOD_END = (
    row(
        "another plan, at period end",
        in_each(PAYING, "pending scheduled_at_stripe"),
        given=LATER,
        effect={"schedule": PRO_LATER},
        writes=2,
    ),
    row(
        "another plan and quantity, at period end",
        in_each(PAYING, "pending scheduled_at_stripe"),
        given=LATER | {"quantity": 5},
        effect={"schedule": [PRO_LATER[0], PRO_LATER[1].replace("2 pro", "5 pro")]},
        writes=2,
    ),
    row(
        "another plan and a coupon, at period end",
        in_each(PAYING, "pending scheduled_at_stripe"),
        given=LATER | {"coupon": "{gift}"},
        effect={"schedule": [PRO_LATER[0], f"{PRO_LATER[1]}, new gift"]},
        writes=2,
    ),
    row(
        "a plan of another interval, at period end",
        in_each(PAYING, "pending scheduled_at_stripe"),
        price="yearly",
        given=LATER,
        effect={"schedule": [PRO_LATER[0], "until +381 d: 2 yearly, 1 addon, loyalty"]},
        writes=2,
    ),
    row(
        "a plan that is billed by usage, at period end",
        in_each(PAYING, "pending scheduled_at_stripe"),
        price="usage",
        given=LATER,
        effect={"schedule": [PRO_LATER[0], "until +46 d: usage, 1 addon, loyalty"]},
        writes=2,
    ),
    row("the same plan, at period end", NO_OP, price="basic", given=LATER),
    row(
        "another plan, at period end, without the permission for schedules",
        in_each(PAYING, "pending scheduled_here"),
        given=LATER,
        seed_key=True,
        writes=0,
    ),
)

UNDER_CIRCUMSTANCES = (
    row(
        "another plan; the user has paused collection",
        SUCCEEDED,
        circumstances=("collection paused",),
        effect={"items": ITEMS, "waits": 900},
        in_status={"trialing": {"waits": None}},
    ),
    row(
        "invoiced immediately; invoices are sent",
        {"active": "succeeded"},
        given=AT_ONCE,
        circumstances=("sent invoices",),
        effect={"items": ITEMS, "bills": ["900 draft"]},
    ),
    row(
        "change once it is paid; invoices are sent",
        in_each(("active", "trialing"), "not_allowed collected_by_invoice"),
        given={"payment_behavior": "pending_if_incomplete"},
        circumstances=("sent invoices",),
    ),
    row(
        "another plan; classic billing mode",
        SUCCEEDED,
        circumstances=("classic billing",),
        effect={"items": ITEMS, "waits": 900},
        in_status={"trialing": {"waits": None}},
    ),
    row(
        "a plan of another interval; classic billing mode",
        in_each(PAYING, "not_allowed mixed_intervals"),
        price="yearly",
        circumstances=("classic billing",),
    ),
    row(
        "from a plan that is billed by usage",
        in_each(("active", "trialing"), "succeeded"),
        circumstances=("billed by usage",),
        effect={"items": {"item": "1 pro"}, "waits": 900},
        in_status={"trialing": {"waits": None}},
    ),
    row(
        "another plan and a coupon; the discount is the customer's",
        SUCCEEDED,
        given={"coupon": "{gift}"},
        circumstances=("discount on the customer",),
        effect={"items": ITEMS, "discounts": ["loyalty", "new gift"], "waits": 440, "redeemed gift": 1},
        in_status={"trialing": {"waits": None}, "past_due": {"waits": 440}},
    ),
    row(
        "a coupon at period end; the discount is the customer's",
        {"active": "pending scheduled_at_stripe"},
        given=LATER | {"coupon": "{gift}"},
        circumstances=("discount on the customer",),
        effect={"schedule": ["until +15 d: 2 basic, 1 addon", f"{PRO_LATER[1]}, new gift"]},
        writes=2,
    ),
    row(
        "the same plan and the coupon of the customer's discount",
        in_each(PAYING, "no_op already_on_plan"),
        price="basic",
        given={"coupon": "{loyalty}"},
        circumstances=("discount on the customer",),
    ),
    row(
        "another plan; another switch waits for its payment",
        {"active": "succeeded"},
        circumstances=("a switch that waits for its payment",),
        effect={"items": ITEMS, "waits": 900, "waits for payment": NO_MORE, "bills": ["20835 void"]},
    ),
    row(
        "another plan; the subscription is about to end",
        SUCCEEDED,
        circumstances=("cancelling",),
        effect={"items": ITEMS, "waits": 900},
        in_status={"trialing": {"waits": None}},
    ),
    row(
        "at period end; the subscription is about to end",
        in_each(PAYING, "not_allowed is_cancelling"),
        given=LATER,
        circumstances=("cancelling",),
    ),
    row(
        "another plan; a schedule of somebody else's",
        in_each(PAYING, "not_allowed managed_by_schedule"),
        circumstances=("a schedule",),
    ),
    row(
        "at period end; a schedule of somebody else's",
        in_each(PAYING, "not_allowed managed_by_schedule"),
        given=LATER,
        circumstances=("a schedule",),
    ),
    row(
        "at period end; plans of mixed intervals",
        {"active": "pending scheduled_at_stripe"},
        given=LATER,
        circumstances=("mixed intervals",),
        effect={
            "schedule": [
                "until +15 d: 2 basic, 1 support, loyalty",
                "until +46 d: 2 pro, 1 support, loyalty",
            ]
        },
        writes=2,
    ),
)

ROWS = (*AT_PERIOD_END, *UNDER_CIRCUMSTANCES)
