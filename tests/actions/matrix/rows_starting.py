"""Rows of *Subscribe to a plan* and *Resubscribe*."""

from typing import Any

from tests.actions.matrix.situations import STATUSES
from tests.actions.matrix.table import ENDED, LIVE, Row, in_each

NEW = {
    "new status": "active",
    "new items": {"new pro": "1 pro"},
    "new discounts": [],
    "new anchor": "+0 d",
    "new period": "+30 d",
    "new paid by": "charge_automatically",
}
ON_TRIAL = NEW | {"new status": "trialing", "new trial": "+7 d", "new anchor": "+7 d", "new period": "+7 d"}
SUCCEEDED = in_each(STATUSES, "succeeded")


def subscribe(case: str, outcomes: dict[str, str], *, price: str = "pro", given: Any = None, **fields: Any) -> Row:
    parameters = {"price": f"{{{price}}}", **(given or {})}
    return Row(action="subscribe", case=case, parameters=parameters, outcomes=outcomes, **fields)


def refused(case: str, code: str, **fields: Any) -> Row:
    """What a plan, coupon or code is refused for has nothing to do with the user's subscription."""
    return subscribe(case, in_each(("active", "canceled", "none"), f"not_allowed {code}"), **fields)


SUBSCRIBE = (
    subscribe("another plan", SUCCEEDED, effect=NEW | {"bills": ["2000 paid"]}),
    subscribe(
        "with trial days", SUCCEEDED, given={"trial_period_days": 7}, effect=ON_TRIAL | {"bills": ["0 paid"]}
    ),
    subscribe(
        "with a coupon",
        SUCCEEDED,
        given={"coupon": "{gift}"},
        effect=NEW | {"bills": ["1600 paid"], "redeemed gift": 1},
    ),
    subscribe(
        "with a promotion code",
        SUCCEEDED,
        given={"promotion_code": "{HELLO}"},
        effect=NEW | {"bills": ["1600 paid"], "redeemed gift": 1, "redeemed HELLO": 1},
    ),
    subscribe(
        "with trial days and a coupon",
        SUCCEEDED,
        given={"trial_period_days": 7, "coupon": "{gift}"},
        effect=ON_TRIAL | {"bills": ["0 paid"], "redeemed gift": 1, "new discounts": ["new gift"]},
    ),
    subscribe(
        "the plan that the user has",
        in_each(("active", "trialing", "past_due", "unpaid", "paused"), "no_op already_on_plan")
        | {"incomplete": "requires_action payment_open"}
        | in_each((*ENDED, "none"), "succeeded"),
        price="basic",
        effect=NEW | {"new items": {"new basic": "1 basic"}, "bills": ["1000 paid"]},
        in_status={"incomplete": dict.fromkeys([*NEW, "bills"])},
        not_sent_in=("incomplete",),
    ),
    subscribe(
        "a plan that is billed by usage",
        SUCCEEDED,
        price="usage",
        effect=NEW | {"new items": {"new usage": "usage"}},
    ),
    subscribe(
        "a plan with the currency among its options",
        SUCCEEDED,
        price="both",
        effect=NEW | {"new items": {"new both": "1 both"}, "bills": ["2500 paid"]},
        in_status={"none": {"bills": ["2000 paid"]}},
    ),
    refused("an archived plan", "plan_inactive", price="archived"),
    refused("a coupon for another plan", "coupon_product", given={"coupon": "{basic only}"}),
    refused("a coupon whose last day is over", "coupon_expired", given={"coupon": "{expired}"}),
    refused("a coupon that is used up", "coupon_used_up", given={"coupon": "{used up}"}),
    refused("a coupon in another currency", "coupon_currency", given={"coupon": "{euros}"}),
    refused("a promotion code for larger purchases", "code_minimum", given={"promotion_code": "{LARGE}"}),
    refused("a promotion code of another customer", "code_customer", given={"promotion_code": "{THEIRS}"}),
    refused("a promotion code that is switched off", "code_inactive", given={"promotion_code": "{OFF}"}),
    refused("a promotion code that has expired", "code_expired", given={"promotion_code": "{OVER}"}),
    refused("a promotion code that is used up", "code_used_up", given={"promotion_code": "{GONE}"}),
    subscribe(
        "a promotion code for first purchases",
        in_each(("active", "past_due", "unpaid", "paused", "canceled"), "not_allowed code_first_time")
        | in_each(("trialing", "incomplete", "incomplete_expired", "none"), "succeeded"),
        given={"promotion_code": "{FIRST}"},
        effect=NEW | {"bills": ["1600 paid"], "redeemed gift": 1, "redeemed FIRST": 1},
    ),
    subscribe(
        "a plan in another currency",
        in_each(LIVE, "not_allowed currency_mismatch"),
        price="euro",
    ),
    *(
        row
        for card in ("declined", "3ds")
        for words in [f"the card {'is declined' if card == 'declined' else 'needs 3-D Secure'}"]
        for row in (
            subscribe(
                f"if the payment fails, change nothing; {words}",
                in_each(STATUSES, "failed payment_failed"),
                given={"payment_behavior": "error_if_incomplete"},
                card=card,
            ),
            subscribe(
                f"if the payment fails, subscribe anyway; {words}",
                in_each(STATUSES, "requires_action payment_open"),
                given={"payment_behavior": "allow_incomplete"},
                card=card,
                effect=NEW | {"new status": "incomplete", "bills": ["2000 open"]},
            ),
        )
    ),
    subscribe("there is no card", in_each(STATUSES, "failed rejected_by_stripe"), card="none"),
    subscribe(
        "with trial days; there is no card",
        SUCCEEDED,
        given={"trial_period_days": 7},
        card="none",
        effect=ON_TRIAL | {"bills": ["0 paid"]},
    ),
)

AGAIN = NEW | {"new items": {"new basic": "2 basic"}}


def resubscribe(case: str, outcomes: dict[str, str], **fields: Any) -> Row:
    return Row(action="resubscribe", case=case, outcomes=outcomes, **fields)


RESUBSCRIBE = (
    resubscribe(
        "the last plan", in_each(ENDED, "succeeded"), everywhere=True, effect=AGAIN | {"bills": ["2000 paid"]}
    ),
    resubscribe(
        "another plan",
        in_each(ENDED, "succeeded"),
        parameters={"price": "{pro}"},
        effect=AGAIN | {"new items": {"new pro": "2 pro"}, "bills": ["4000 paid"]},
    ),
    resubscribe(
        "with trial days",
        in_each(ENDED, "succeeded"),
        parameters={"trial_period_days": 7},
        effect=ON_TRIAL | {"new items": AGAIN["new items"], "bills": ["0 paid"]},
    ),
    resubscribe(
        "with a coupon",
        in_each(ENDED, "succeeded"),
        parameters={"coupon": "{gift}"},
        effect=AGAIN | {"bills": ["1600 paid"], "redeemed gift": 1},
    ),
    resubscribe(
        "a plan that is billed by usage",
        in_each(ENDED, "succeeded"),
        parameters={"price": "{usage}"},
        effect=NEW | {"new items": {"new usage": "usage"}},
    ),
    resubscribe(
        "an archived plan", in_each(ENDED, "not_allowed plan_inactive"), parameters={"price": "{archived}"}
    ),
    resubscribe(
        "a coupon that is used up",
        in_each(ENDED, "not_allowed coupon_used_up"),
        parameters={"coupon": "{used up}"},
    ),
    resubscribe(
        "the last plan; invoices were sent",
        {"canceled": "succeeded"},
        circumstances=("sent invoices",),
        card="none",
        effect=AGAIN | {"new paid by": "send_invoice 30", "bills": ["2000 draft"]},
    ),
    *(
        resubscribe(f"the last plan; {words}", in_each(ENDED, outcome), card=card)
        for card, words, outcome in (
            ("declined", "the card is declined", "failed payment_failed"),
            ("3ds", "the card needs 3-D Secure", "failed payment_failed"),
            ("none", "there is no card", "failed rejected_by_stripe"),
        )
    ),
)

ROWS = (*SUBSCRIBE, *RESUBSCRIBE)
