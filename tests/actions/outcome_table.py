"""What each action comes to in each subscription status: the parameters of the tests, and the table of the
docs.

``{other}`` is another plan than the user's, ``{same}`` the user's own, ``{coupon}`` a coupon that can be
used. A status that is not named is ``not_allowed``.
"""

from dataclasses import dataclass, field
from typing import Any

STATUSES = (
    "active",
    "trialing",
    "past_due",
    "unpaid",
    "paused",
    "incomplete",
    "incomplete_expired",
    "canceled",
)
PAYING = ("active", "trialing", "past_due")


def in_each(statuses: tuple[str, ...], outcome: str) -> dict[str, str]:
    return dict.fromkeys(statuses, outcome)


@dataclass(frozen=True)
class Row:
    action: str
    case: str
    parameters: dict[str, Any] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)


ROWS = (
    Row(
        "update_subscription",
        "another plan, prorations on the next invoice",
        {"price": "{other}"},
        in_each(PAYING, "succeeded"),
    ),
    Row(
        "update_subscription",
        "another plan, invoiced immediately",
        {"price": "{other}", "proration_behavior": "always_invoice"},
        {"active": "succeeded", "trialing": "succeeded", "past_due": "failed"},
    ),
    Row(
        "update_subscription",
        "another plan, no prorations",
        {"price": "{other}", "proration_behavior": "none"},
        in_each(PAYING, "succeeded"),
    ),
    Row(
        "update_subscription",
        "another plan, end the trial",
        {"price": "{other}", "trial": "end"},
        in_each(PAYING, "succeeded"),
    ),
    Row(
        "update_subscription",
        "another plan, at period end",
        {"price": "{other}", "timing": "period_end"},
        in_each(PAYING, "pending"),
    ),
    Row("update_subscription", "the same plan", {"price": "{same}"}, in_each(PAYING, "no_op")),
    Row(
        "update_subscription",
        "the same plan and a coupon",
        {"price": "{same}", "coupon": "{coupon}"},
        in_each(PAYING, "succeeded"),
    ),
    Row(
        "cancel_subscription",
        "at period end",
        {},
        in_each((*PAYING, "unpaid"), "succeeded"),
    ),
    Row(
        "cancel_subscription",
        "now",
        {"timing": "now"},
        in_each((*PAYING, "unpaid", "paused", "incomplete"), "succeeded"),
    ),
    Row("keep_subscription", "no cancellation pending", {}, in_each((*PAYING, "unpaid"), "no_op")),
    Row(
        "resubscribe",
        "the last plan",
        {},
        {"canceled": "succeeded", "incomplete_expired": "failed"},
    ),
    Row(
        "apply_discount",
        "add a coupon",
        {"coupon": "{coupon}"},
        in_each((*PAYING, "unpaid", "paused"), "succeeded"),
    ),
    Row("remove_discounts", "none there", {}, in_each((*PAYING, "unpaid", "paused"), "no_op")),
    Row("extend_trial", "by 7 days", {"trial_period_days": 7}, in_each(("trialing", "active"), "succeeded")),
    Row("convert_trial", "change nothing if the payment fails", {}, {"trialing": "succeeded"}),
    Row("pause", "collection", {}, in_each((*PAYING, "unpaid"), "succeeded")),
    Row(
        "pause",
        "the subscription",
        {"pause": "subscription"},
        in_each((*PAYING, "unpaid"), "succeeded"),
    ),
    Row("resume", "a new period now", {}, in_each((*PAYING, "unpaid"), "no_op") | {"paused": "succeeded"}),
    Row("change_quantity", "set to 3", {"quantity": 3}, in_each(PAYING, "succeeded")),
    Row("change_quantity", "set to the same", {"quantity": 1}, in_each(PAYING, "no_op")),
    Row(
        "override_price",
        "an allowed plan",
        {"unit_amount": 1500, "currency": "usd"},
        in_each(PAYING, "succeeded"),
    ),
    Row(
        "set_collection",
        "send invoices",
        {"collection_method": "send_invoice"},
        in_each((*PAYING, "unpaid"), "succeeded"),
    ),
    Row(
        "set_collection",
        "charge automatically, as before",
        {"collection_method": "charge_automatically"},
        in_each((*PAYING, "unpaid"), "no_op"),
    ),
    Row(
        "subscribe",
        "another plan",
        {"price": "{other}"},
        {
            "active": "succeeded",
            "trialing": "succeeded",
            "past_due": "failed",
            "unpaid": "failed",
            "paused": "succeeded",
            "incomplete": "failed",
            "incomplete_expired": "failed",
            "canceled": "succeeded",
        },
    ),
)
