"""Rows of *Update existing subscription*.

Two of Basic ($10) cost $18 after the loyalty discount, two of Pro ($20) $36; half of the period is left.
"""

from typing import Any

from tests.actions.matrix.reading import NO_MORE
from tests.actions.matrix.table import PAYING, Row, in_each

ITEMS = {"item": "2 pro", "other item": "1 addon"}
CHARGED = ("active", "past_due")
AT_ONCE = {"proration_behavior": "always_invoice"}
RESTARTED = {"anchor": "+0 d", "period": "+30 d"}
TRIAL_OVER = {"status": "active", "trial": "+0 d", **RESTARTED}
LATER = {"timing": "period_end"}
PRO_LATER = ["until +15 d: 2 basic, 1 addon, loyalty", "until +46 d: 2 pro, 1 addon, loyalty"]


def row(case: str, outcomes: dict[str, str], *, price: str = "pro", given: Any = None, **fields: Any) -> Row:
    parameters = {"price": f"{{{price}}}", **(given or {})}
    return Row(action="update_subscription", case=case, parameters=parameters, outcomes=outcomes, **fields)


def paid(bill: int) -> dict[str, Any]:
    """The newest invoice is paid, which ends being past due: https://docs.stripe.com/billing/subscriptions/overview"""
    return {"bills": [f"{bill} paid"]}


SUCCEEDED = in_each(PAYING, "succeeded")
NO_OP = in_each(PAYING, "no_op already_on_plan")

NOW = (
    row(
        "another plan, the difference on the next invoice",
        SUCCEEDED,
        everywhere=True,
        effect={"items": ITEMS, "waits": 900},
        in_status={"trialing": {"waits": None}},
    ),
    row(
        "another plan, invoiced immediately",
        SUCCEEDED,
        given=AT_ONCE,
        effect={"items": ITEMS, **paid(900)},
        in_status={"trialing": {"bills": None}, "past_due": {"status": "active"}},
    ),
    row(
        "another plan, no prorations",
        SUCCEEDED,
        given={"proration_behavior": "none"},
        effect={"items": ITEMS},
    ),
    row(
        "another plan, restart the billing date",
        SUCCEEDED,
        given={"billing_cycle_anchor": "now"},
        effect={"items": ITEMS, **RESTARTED, **paid(2835)},
        in_status={
            "trialing": {"anchor": None, "period": None, "bills": None},
            "past_due": {"status": "active"},
        },
    ),
    row(
        "another plan, end the trial",
        SUCCEEDED,
        given={"trial": "end"},
        effect={"items": ITEMS, "waits": 900},
        in_status={"trialing": {"waits": None, **TRIAL_OVER, **paid(3870)}},
    ),
    row(
        "another plan, another quantity",
        SUCCEEDED,
        given={"quantity": 5},
        effect={"items": {**ITEMS, "item": "5 pro"}, "waits": 3600},
        in_status={"trialing": {"waits": None}},
    ),
    row(
        "another plan and a coupon",
        SUCCEEDED,
        given={"coupon": "{gift}"},
        effect={"items": ITEMS, "discounts": ["loyalty", "new gift"], "waits": 540, "redeemed gift": 1},
        in_status={"trialing": {"waits": None}},
    ),
    row(
        "a coupon for the new plan only",
        SUCCEEDED,
        given={"coupon": "{pro only}"},
        effect={"items": ITEMS, "discounts": ["loyalty", "new pro only"], "waits": 540, "redeemed pro only": 1},
        in_status={"trialing": {"waits": None}},
    ),
    row(
        "a coupon for the old plan only",
        in_each(PAYING, "not_allowed coupon_product"),
        given={"coupon": "{basic only}"},
    ),
    row(
        "a plan of another interval",
        SUCCEEDED,
        price="yearly",
        effect={"items": {**ITEMS, "item": "2 yearly"}, **RESTARTED, **paid(20_835)},
        in_status={
            "trialing": {"anchor": None, "period": None, "bills": None},
            "past_due": {"status": "active"},
        },
    ),
    row(
        "a plan that is billed by usage",
        SUCCEEDED,
        price="usage",
        effect={"items": {**ITEMS, "item": "usage"}, "waits": -900},
        in_status={"trialing": {"waits": None}},
    ),
    row(
        "a quantity of a plan that is billed by usage",
        in_each(PAYING, "not_allowed metered_quantity"),
        price="usage",
        given={"quantity": 3},
    ),
    row(
        "a plan with the currency among its options",
        SUCCEEDED,
        price="both",
        effect={"items": {**ITEMS, "item": "2 both"}, "waits": 1350},
        in_status={"trialing": {"waits": None}},
    ),
    row("a plan in another currency", in_each(PAYING, "not_allowed currency_mismatch"), price="euro"),
    row("an archived plan", in_each(PAYING, "not_allowed plan_inactive"), price="archived"),
    row("the plan of another item", in_each(PAYING, "not_allowed plan_is_another_item"), price="addon"),
)

THE_SAME_PLAN = (
    row("the same plan", NO_OP, price="basic"),
    row("the same plan and quantity", NO_OP, price="basic", given={"quantity": 2}),
    row("the same plan and a coupon that the user has", NO_OP, price="basic", given={"coupon": "{loyalty}"}),
    row(
        "the same plan, another quantity",
        SUCCEEDED,
        price="basic",
        given={"quantity": 3},
        effect={"items": {**ITEMS, "item": "3 basic"}, "waits": 450},
        in_status={"trialing": {"waits": None}},
    ),
    row(
        "the same plan and a coupon",
        SUCCEEDED,
        price="basic",
        given={"coupon": "{gift}"},
        effect={"discounts": ["loyalty", "new gift"], "redeemed gift": 1},
    ),
    row(
        "the same plan, restart the billing date",
        in_each(CHARGED, "succeeded") | {"trialing": "no_op already_on_plan"},
        price="basic",
        given={"billing_cycle_anchor": "now"},
        effect={**RESTARTED, **paid(1035)},
        in_status={"past_due": {"status": "active"}},
    ),
    row(
        "the same plan, end the trial",
        in_each(CHARGED, "no_op already_on_plan") | {"trialing": "succeeded"},
        price="basic",
        given={"trial": "end"},
        effect={**TRIAL_OVER, **paid(2070)},
    ),
)


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


PAYMENT = (
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

ROWS = (*NOW, *THE_SAME_PLAN, *PAYMENT, *AT_PERIOD_END, *UNDER_CIRCUMSTANCES)
