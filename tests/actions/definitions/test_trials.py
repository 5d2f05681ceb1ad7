"""Extend and convert trials, against the sandbox."""

import pytest

from tests.actions.shop import Shop

DAY = 86_400


def test_it_extends_a_running_trial_from_its_end(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Pro"), trial_period_days=14)
    before = shop.subscription(user)["trial_end"]

    assert shop.outcome(user, "extend_trial", trial_period_days=7)["status"] == "succeeded"
    assert shop.subscription(user)["trial_end"] == before + 7 * DAY


def test_it_gives_a_paying_user_free_days_after_the_paid_period(full_shop: Shop) -> None:
    """Two renewals come at their day and seven days after the other: none of the paid time is lost."""
    user = full_shop.subscriber(full_shop.price("Pro"), clock=full_shop.clock())
    full_shop.advance(user, days=10)
    paid_until = full_shop.subscription(user)["items"]["data"][0]["current_period_end"]

    full_shop.outcome(user, "extend_trial", trial_period_days=7)

    subscription = full_shop.subscription(user)
    assert (subscription["status"], subscription["trial_end"]) == ("trialing", paid_until + 7 * DAY)
    full_shop.advance(user, days=29)
    invoices = full_shop.stripe.invoices.list({"customer": user.customer}).data
    assert [(one.total, one.status) for one in invoices] == [(2000, "paid"), (0, "paid"), (2000, "paid")]


def test_it_extends_at_most_as_often_as_is_allowed(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Pro"), trial_period_days=14)
    extend = {"trial_period_days": 7, "most_extensions": 1}

    assert shop.outcome(user, "extend_trial", **extend)["status"] == "succeeded"
    refused = shop.outcome(user, "extend_trial", **extend)

    assert (refused["status"], refused["code"]) == ("not_allowed", "cap_extensions")


def test_it_converts_a_trial_now(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Pro"), trial_period_days=14)

    assert shop.outcome(user, "convert_trial")["message"] == "The subscription is now paid."
    assert shop.subscription(user)["status"] == "active"


@pytest.mark.parametrize(
    ("behavior", "status", "after"),
    [
        ("error_if_incomplete", "failed", "trialing"),
        ("allow_incomplete", "requires_action", "past_due"),
        ("pending_if_incomplete", "requires_action", "trialing"),
    ],
)
def test_it_does_what_was_chosen_when_the_payment_fails(
    full_shop: Shop, behavior: str, status: str, after: str
) -> None:
    user = full_shop.subscriber(full_shop.price("Pro"), card="pm_card_chargeCustomerFail", trial_period_days=14)

    assert full_shop.outcome(user, "convert_trial", payment_behavior=behavior)["status"] == status
    assert full_shop.subscription(user)["status"] == after
