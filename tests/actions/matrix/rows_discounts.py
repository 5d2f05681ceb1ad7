"""Rows of *Apply coupon or promotion code* and *Remove discounts*."""

from typing import Any

from tests.actions.matrix.table import PAYING, Row, in_each

POSSIBLE = (*PAYING, "unpaid", "paused")
SUCCEEDED = in_each(POSSIBLE, "succeeded")
FIRST_TIME = in_each(("active", "past_due", "unpaid", "paused"), "not_allowed code_first_time")


def apply(
    case: str, outcomes: dict[str, str], *, coupon: str = "", code: str = "", mode: str = "", **fields: Any
) -> Row:
    given = {"coupon": coupon and f"{{{coupon}}}", "promotion_code": code and f"{{{code}}}", "mode": mode}
    parameters = {name: value for name, value in given.items() if value}
    return Row(action="apply_discount", case=case, parameters=parameters, outcomes=outcomes, **fields)


def refused(case: str, reason: str, *, statuses: tuple[str, ...] = ("active", "paused"), **fields: Any) -> Row:
    """What a coupon or code is refused for has nothing to do with the subscription's status."""
    return apply(case, in_each(statuses, f"not_allowed {reason}"), **fields)


def no_op(case: str, reason: str, **fields: Any) -> Row:
    return apply(case, in_each(POSSIBLE, f"no_op {reason}"), **fields)


BOTH = {"discounts": ["loyalty", "new gift"], "redeemed gift": 1}
BOTH_BY_CODE = {"discounts": ["loyalty", "new HELLO of gift"], "redeemed gift": 1, "redeemed HELLO": 1}
APPLY = (
    apply("add a coupon", SUCCEEDED, everywhere=True, coupon="gift", mode="add", effect=BOTH),
    apply("add a promotion code", SUCCEEDED, code="HELLO", mode="add", effect=BOTH_BY_CODE),
    apply(
        "replace by a coupon", SUCCEEDED, coupon="gift", mode="replace", effect=BOTH | {"discounts": ["new gift"]}
    ),
    apply(
        "replace by a promotion code",
        SUCCEEDED,
        code="HELLO",
        mode="replace",
        effect=BOTH_BY_CODE | {"discounts": ["new HELLO of gift"]},
    ),
    no_op("a coupon only if there is none", "has_discount", coupon="gift", mode="only_if_none"),
    no_op("a promotion code only if there is none", "has_discount", code="HELLO", mode="only_if_none"),
    apply(
        "a coupon only if there is none; there is none",
        SUCCEEDED,
        coupon="gift",
        mode="only_if_none",
        circumstances=("no discount",),
        effect=BOTH | {"discounts": ["new gift"]},
    ),
    apply(
        "a promotion code only if there is none; there is none",
        SUCCEEDED,
        code="HELLO",
        mode="only_if_none",
        circumstances=("no discount",),
        effect=BOTH_BY_CODE | {"discounts": ["new HELLO of gift"]},
    ),
    no_op("add the coupon that the user has", "has_coupon", coupon="loyalty"),
    no_op("replace by the coupon that the user has", "has_coupon", coupon="loyalty", mode="replace"),
    apply(
        "replace two discounts by one of them",
        SUCCEEDED,
        coupon="loyalty",
        mode="replace",
        circumstances=("two discounts",),
        effect={"discounts": ["loyalty"]},
    ),
    apply(
        "add a coupon; the discount is the customer's",
        SUCCEEDED,
        coupon="gift",
        circumstances=("discount on the customer",),
        effect=BOTH,
    ),
    apply(
        "replace by a coupon; the discount is the customer's",
        SUCCEEDED,
        coupon="gift",
        mode="replace",
        circumstances=("discount on the customer",),
        effect=BOTH | {"discounts": ["new gift"]},
    ),
    no_op(
        "only if there is none; the discount is the customer's",
        "has_discount",
        coupon="gift",
        mode="only_if_none",
        circumstances=("discount on the customer",),
    ),
    no_op(
        "the coupon of the customer's discount",
        "has_coupon",
        coupon="loyalty",
        circumstances=("discount on the customer",),
    ),
    apply(
        "a coupon for one of the plans",
        SUCCEEDED,
        coupon="basic only",
        effect={"discounts": ["loyalty", "new basic only"], "redeemed basic only": 1},
    ),
    apply(
        "a coupon with the currency among its options",
        SUCCEEDED,
        coupon="euros or dollars",
        effect={"discounts": ["loyalty", "new euros or dollars"], "redeemed euros or dollars": 1},
    ),
    refused("a coupon for another plan", "coupon_product", coupon="pro only"),
    refused("a coupon whose last day is over", "coupon_expired", coupon="expired"),
    refused("a coupon that is used up", "coupon_used_up", coupon="used up"),
    refused("a coupon in another currency", "coupon_currency", coupon="euros"),
    refused("a promotion code for larger purchases", "code_minimum", code="LARGE"),
    refused("a promotion code of another customer", "code_customer", code="THEIRS"),
    refused("a promotion code that is switched off", "code_inactive", code="OFF"),
    refused("a promotion code that has expired", "code_expired", code="OVER"),
    refused("a promotion code that is used up", "code_used_up", code="GONE"),
    apply(
        "a promotion code for first purchases",
        FIRST_TIME | {"trialing": "succeeded"},
        code="FIRST",
        effect={"discounts": ["loyalty", "new FIRST of gift"], "redeemed gift": 1, "redeemed FIRST": 1},
    ),
    refused(
        "add a coupon; a schedule of somebody else's",
        "managed_by_schedule",
        coupon="gift",
        circumstances=("a schedule",),
        statuses=(*PAYING, "unpaid"),
    ),
)


def remove(case: str, outcomes: dict[str, str], *, coupon: str = "", **fields: Any) -> Row:
    parameters = {"coupon": f"{{{coupon}}}"} if coupon else {}
    return Row(action="remove_discounts", case=case, parameters=parameters, outcomes=outcomes, **fields)


REMOVE = (
    remove("all", SUCCEEDED, everywhere=True, effect={"discounts": []}),
    remove("one coupon", SUCCEEDED, coupon="loyalty", effect={"discounts": []}),
    remove(
        "all of two",
        SUCCEEDED,
        circumstances=("two discounts",),
        effect={"discounts": []},
    ),
    remove(
        "one of two",
        SUCCEEDED,
        coupon="thanks",
        circumstances=("two discounts",),
        effect={"discounts": ["loyalty"]},
    ),
    remove("a coupon that the user does not have", in_each(POSSIBLE, "no_op no_discount"), coupon="gift"),
    remove(
        "all; there are none",
        in_each(POSSIBLE, "no_op no_discount"),
        circumstances=("no discount",),
    ),
    remove(
        "all; the discount is the customer's",
        in_each(POSSIBLE, "not_allowed discount_on_customer"),
        circumstances=("discount on the customer",),
    ),
    remove(
        "all; the customer has one too",
        SUCCEEDED,
        circumstances=("both discounts",),
        effect={"discounts": []},
    ),
    remove(
        "all; a schedule of somebody else's",
        in_each((*PAYING, "unpaid"), "not_allowed managed_by_schedule"),
        circumstances=("a schedule",),
    ),
)

ROWS = (*APPLY, *REMOVE)
