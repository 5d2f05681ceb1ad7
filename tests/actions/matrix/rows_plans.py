"""Rows of *Update existing subscription*.

Two of Basic ($10) cost $18 after the loyalty discount, two of Pro ($20) $36; half of the period is left.
"""

from typing import Any

from tests.actions.matrix.table import PAYING, Row, in_each

ITEMS = {"item": "2 pro", "other item": "1 addon"}
CHARGED = ("active", "past_due")
AT_ONCE = {"proration_behavior": "always_invoice"}
RESTARTED = {"anchor": "+0 d", "period": "+30 d"}
TRIAL_OVER = {"status": "active", "trial": "+0 d", **RESTARTED}


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

ROWS = (*NOW, *THE_SAME_PLAN)
