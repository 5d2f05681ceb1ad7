"""Rows of quantity, price, usage, open invoices, collection and the payment-method link."""

from typing import Any

from tests.actions.matrix.situations import STATUSES
from tests.actions.matrix.table import PAYING, Row, in_each

RUNNING = (*PAYING, "unpaid")
CHARGED = ("active", "past_due")
UNCHANGED = in_each(PAYING, "no_op same_quantity")
SUCCEEDED = in_each(PAYING, "succeeded")


def quantity(case: str, outcomes: dict[str, str], *, mode: str, number: int, **fields: Any) -> Row:
    parameters = {"mode": mode, "quantity": number}
    return Row(action="change_quantity", case=case, parameters=parameters, outcomes=outcomes, **fields)


def of_basic(number: int, waits: int) -> dict[str, Any]:
    return {
        "effect": {"items": {"item": f"{number} basic", "other item": "1 addon"}, "waits": waits},
        "in_status": {"trialing": {"waits": None}},
    }


QUANTITY = (
    quantity("set to 3", SUCCEEDED, mode="set", number=3, everywhere=True, **of_basic(3, 450)),
    quantity("set to 1", SUCCEEDED, mode="set", number=1, **of_basic(1, -450)),
    quantity("set to the same", UNCHANGED, mode="set", number=2),
    quantity("add 2", SUCCEEDED, mode="add", number=2, **of_basic(4, 900)),
    quantity("take 1 away", SUCCEEDED, mode="add", number=-1, **of_basic(1, -450)),
    quantity("take all away", in_each(PAYING, "not_allowed quantity_below_one"), mode="add", number=-2),
    quantity(
        "set to 3; the card is declined", SUCCEEDED, mode="set", number=3, card="declined", **of_basic(3, 450)
    ),
    quantity(
        "add 2; billed by usage",
        in_each(("active", "trialing"), "not_allowed metered_quantity"),
        mode="add",
        number=2,
        circumstances=("billed by usage",),
    ),
    quantity(
        "set to 3; a schedule of somebody else's",
        in_each(PAYING, "not_allowed managed_by_schedule"),
        mode="set",
        number=3,
        circumstances=("a schedule",),
    ),
)


def override(case: str, outcomes: dict[str, str], *, amount: int, currency: str = "usd", **fields: Any) -> Row:
    parameters = {"unit_amount": amount, "currency": currency}
    return Row(action="override_price", case=case, parameters=parameters, outcomes=outcomes, **fields)


def at(amount: int) -> dict[str, Any]:
    price = f"basic at {amount} usd every 1 month"
    return {"effect": {"items": {"item": f"2 {price}", "other item": "1 addon"}, "new prices": 1}}


OVERRIDE = (
    override("$15", SUCCEEDED, amount=1500, everywhere=True, **at(1500)),
    override("less", SUCCEEDED, amount=500, **at(500)),
    override("free", SUCCEEDED, amount=0, **at(0)),
    override("the same amount", in_each(PAYING, "no_op same_amount"), amount=1000),
    override("$15; the card is declined", SUCCEEDED, amount=1500, card="declined", **at(1500)),
    override(
        "an amount in another currency",
        in_each(PAYING, "not_allowed currency_mismatch"),
        amount=1500,
        currency="eur",
    ),
    override(
        "a plan that is not allowed",
        in_each(("active", "trialing"), "not_allowed plan_not_allowed"),
        amount=1500,
        circumstances=("billed by usage",),
    ),
    override(
        "$15; a schedule of somebody else's",
        in_each(PAYING, "not_allowed managed_by_schedule"),
        amount=1500,
        circumstances=("a schedule",),
    ),
)

USAGE = (
    *(
        Row(
            action="record_usage",
            case=f"a usage of {value}",
            parameters={"event_name": "calls", "value": value},
            outcomes=in_each(STATUSES, "succeeded"),
            effect={"usage": [f"{value} calls"]},
        )
        for value in (7, 0)
    ),
    Row(
        action="record_usage",
        case="a meter that there is not",
        parameters={"event_name": "visits", "value": 1},
        outcomes=in_each(STATUSES, "failed rejected_by_stripe"),
    ),
)


def collect(case: str, outcomes: dict[str, str], **fields: Any) -> Row:
    return Row(action="collect_invoice", case=case, outcomes=outcomes, **fields)


LATE = ("past_due", "unpaid", "incomplete")
NOTHING_OPEN = in_each((one for one in STATUSES if one not in LATE), "no_op nothing_open")
COLLECT = (
    collect(
        "the newest open invoice",
        NOTHING_OPEN | in_each(LATE, "succeeded"),
        effect={"bills": ["2070 paid"], "status": "active"},
        # Its newest invoice is a draft: https://docs.stripe.com/billing/subscriptions/overview#unpaid-subscriptions
        in_status={"unpaid": {"status": None}},
    ),
    *(
        collect(f"the newest open invoice; {words}", in_each(LATE, "requires_action payment_failed"), card=card)
        for card, words in (("declined", "the card is declined"), ("3ds", "the card needs 3-D Secure"))
    ),
    collect("the newest open invoice; there is no card", in_each(LATE, "failed rejected_by_stripe"), card="none"),
)


def collection(case: str, outcomes: dict[str, str], *, method: str, days: int | None = None, **fields: Any) -> Row:
    parameters = {"collection_method": method} | ({"days_until_due": days} if days else {})
    return Row(action="set_collection", case=case, parameters=parameters, outcomes=outcomes, **fields)


SAME = in_each(RUNNING, "no_op same_collection")
COLLECTION = (
    collection(
        "off",
        in_each(RUNNING, "succeeded"),
        method="send_invoice",
        everywhere=True,
        effect={"paid by": "send_invoice 30"},
    ),
    collection(
        "off, due within 14 days",
        in_each(RUNNING, "succeeded"),
        method="send_invoice",
        days=14,
        effect={"paid by": "send_invoice 14"},
    ),
    collection("on, as before", SAME, method="charge_automatically"),
    collection(
        "on",
        in_each(("active", "trialing"), "succeeded"),
        method="charge_automatically",
        circumstances=("sent invoices",),
        effect={"paid by": "charge_automatically"},
    ),
    collection(
        "off; a schedule of somebody else's",
        in_each(RUNNING, "not_allowed managed_by_schedule"),
        method="send_invoice",
        circumstances=("a schedule",),
    ),
    collection(
        "off, as before",
        in_each(("active", "trialing"), "no_op same_collection"),
        method="send_invoice",
        circumstances=("sent invoices",),
    ),
    collection(
        "off, but due sooner than before",
        in_each(("active", "trialing"), "succeeded"),
        method="send_invoice",
        days=14,
        circumstances=("sent invoices",),
        effect={"paid by": "send_invoice 14"},
    ),
)

LINK = tuple(
    Row(
        action="payment_method_link",
        case=case,
        parameters=parameters,
        outcomes=in_each(STATUSES, "succeeded"),
    )
    for case, parameters in (
        ("back to where the customer portal leads", {}),
        ("back to a page of yours", {"return_url": "https://shop.example/account"}),
    )
)

ROWS = (*QUANTITY, *OVERRIDE, *USAGE, *COLLECT, *COLLECTION, *LINK)
