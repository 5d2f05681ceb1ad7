"""Pause and resume, against the sandbox."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from actions.models import ActionExecution
from tests.actions.shop import Shop, Subscriber
from tests.actions.switching import make_due


@pytest.mark.parametrize(
    ("length", "effect"),
    [
        ({"until": "days", "length": 3}, "No invoice falls into the pause"),
        ({"until": "cycles", "length": 2}, "is not collected"),
    ],
)
def test_it_says_what_the_pause_comes_to(shop: Shop, length: dict[str, Any], effect: str) -> None:
    user = shop.subscriber(shop.price("Yearly", recurring={"interval": "year"}))

    outcome = shop.outcome(user, "pause", **length)

    assert effect in outcome["message"]
    assert shop.subscription(user)["pause_collection"]["resumes_at"] is not None


def test_it_stays_paused_until_the_invoice_is_paid(full_shop: Shop) -> None:
    user = full_shop.subscriber(full_shop.price("Pro"))
    no_credit = {"bill_for": {"unused_time_from": {"type": "none"}}}
    full_shop.stripe.subscriptions.pause(user.subscription, no_credit)
    full_shop.use_card(user, "pm_card_chargeCustomerFail")

    outcome = full_shop.outcome(user, "resume")

    assert outcome["status"] == "requires_action"
    assert full_shop.subscription(user)["status"] == "paused"


def statuses(action: str) -> list[tuple[str, str]]:
    return [(row.status, row.code) for row in ActionExecution.objects.filter(action=action).order_by("id")]


def pause(shop: Shop, user: Subscriber, **until: Any) -> None:
    assert shop.outcome(user, "pause", pause="subscription", **until)["status"] == "succeeded"


FIVE_DAYS = {"until": "days", "length": 5}


def test_it_resumes_the_subscription_when_the_time_is_over(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Pro"))
    pause(shop, user, **FIVE_DAYS)
    resume = ActionExecution.objects.get(action="resume")
    assert resume.status == "pending"
    assert resume.apply_at is not None
    assert abs(resume.apply_at - timezone.now() - timedelta(days=5)) < timedelta(minutes=1)

    make_due()

    assert statuses("resume") == [("succeeded", "")]
    assert shop.subscription(user)["status"] == "active"


def test_it_resumes_after_the_skipped_renewals(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Pro"))
    pause(shop, user, until="cycles", length=2)

    planned = ActionExecution.objects.get(action="resume").apply_at
    assert planned is not None
    assert timedelta(days=58) < planned - timezone.now() < timedelta(days=63)


@pytest.mark.parametrize("until", [FIVE_DAYS, {"until": "resumed"}], ids=["days", "until resumed"])
def test_it_does_not_cut_a_second_pause_short(shop: Shop, until: dict[str, Any]) -> None:
    """Resumed by hand and paused again: the end of the first pause is nobody's business any more."""
    user = shop.subscriber(shop.price("Pro"))
    pause(shop, user, **FIVE_DAYS)
    shop.stripe.subscriptions.resume(user.subscription)
    pause(shop, user, **until)

    assert statuses("resume")[0] == ("skipped", "replaced")
    assert [status for status, _ in statuses("resume")[1:]] == (["pending"] if "length" in until else [])
    assert shop.subscription(user)["status"] == "paused"


def test_it_has_nothing_to_resume_that_was_resumed_by_hand(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Pro"))
    pause(shop, user, **FIVE_DAYS)
    assert shop.outcome(user, "resume")["status"] == "succeeded"
    assert statuses("resume") == [("skipped", "replaced"), ("succeeded", "")]

    pause(shop, user, **FIVE_DAYS)
    shop.stripe.subscriptions.resume(user.subscription)
    make_due()

    assert statuses("resume")[-1] == ("no_op", "not_paused")


def test_it_resumes_nothing_that_was_cancelled(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Pro"))
    pause(shop, user, **FIVE_DAYS)
    shop.stripe.subscriptions.cancel(user.subscription)

    make_due()

    assert statuses("resume") == [("skipped", "superseded")]


def test_it_resumes_classic_subscriptions(full_shop: Shop) -> None:
    """One that Stripe paused at the end of its trial, for want of a payment method."""
    user = full_shop.subscriber(
        full_shop.price("Pro"),
        card=None,
        clock=full_shop.clock(),
        billing_mode={"type": "classic"},
        trial_period_days=7,
        trial_settings={"end_behavior": {"missing_payment_method": "pause"}},
    )
    full_shop.advance(user, days=8)
    assert full_shop.subscription(user)["status"] == "paused"
    full_shop.use_card(user, "pm_card_visa")

    outcome = full_shop.outcome(user, "resume")

    assert (outcome["status"], outcome["url"][:8]) == ("requires_action", "https://")
    full_shop.stripe.invoices.pay(full_shop.subscription(user)["latest_invoice"])
    assert full_shop.subscription(user)["status"] == "active"


def test_it_resumes_nothing_that_is_paid_by_sent_invoices(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Pro"))
    pause(shop, user)
    shop.stripe.subscriptions.update(
        user.subscription, {"collection_method": "send_invoice", "days_until_due": 14}
    )

    assert shop.outcome(user, "resume")["code"] == "collected_by_invoice"


def test_it_does_not_bill_a_resumption_twice(full_shop: Shop) -> None:
    """The first click has resumed it up to a payment that is open; the second is told where to pay."""
    user = full_shop.subscriber(full_shop.price("Pro"))
    no_credit = {"bill_for": {"unused_time_from": {"type": "none"}}}
    full_shop.stripe.subscriptions.pause(user.subscription, no_credit)
    full_shop.use_card(user, "pm_card_chargeCustomerFail")
    first = full_shop.outcome(user, "resume")
    full_shop.use_card(user, "pm_card_visa")

    second = full_shop.outcome(user, "resume")

    assert (second["status"], second["url"]) == ("requires_action", first["url"])
    assert len(full_shop.changes()) == 1
    full_shop.stripe.invoices.pay(full_shop.subscription(user)["latest_invoice"])
    assert full_shop.subscription(user)["status"] == "active"
