"""Pause and resume, against the sandbox."""

from typing import Any

import pytest
from django.utils import timezone

from actions import due_changes
from actions.models import ActionExecution
from tests.actions.shop import Shop


@pytest.mark.parametrize("behavior", ["void", "keep_as_draft", "mark_uncollectible"])
def test_it_pauses_collection(shop: Shop, behavior: str) -> None:
    user = shop.subscriber(shop.price("Pro"))

    assert shop.outcome(user, "pause", behavior=behavior)["status"] == "succeeded"
    subscription = shop.subscription(user)
    assert (subscription["status"], subscription["pause_collection"]["behavior"]) == ("active", behavior)
    assert shop.outcome(user, "pause")["status"] == "no_op"
    assert shop.outcome(user, "resume")["status"] == "succeeded"
    assert shop.subscription(user)["pause_collection"] is None


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


def test_it_pauses_the_subscription_and_resumes_it(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Pro"))

    assert shop.outcome(user, "pause", pause="subscription")["status"] == "succeeded"
    assert shop.subscription(user)["status"] == "paused"
    assert shop.outcome(user, "resume", billing_cycle_anchor="unchanged")["status"] == "succeeded"
    assert shop.subscription(user)["status"] == "active"


def test_it_resumes_the_subscription_when_the_time_is_over(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Pro"))
    shop.outcome(user, "pause", pause="subscription", until="days", length=5)

    resume = ActionExecution.objects.get(action="resume")
    assert resume.status == "pending"
    resume.apply_at = timezone.now()
    resume.save()
    for action_id in due_changes.claim_due():
        due_changes.apply_change(action_id)

    resume.refresh_from_db()
    assert resume.status == "succeeded"
    assert shop.subscription(user)["status"] == "active"


def test_it_pauses_only_flexible_subscriptions(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Pro"), billing_mode={"type": "classic"})

    outcome = shop.outcome(user, "pause", pause="subscription")

    assert (outcome["status"], outcome["code"]) == ("not_allowed", "classic_billing")


def test_it_stays_paused_until_the_invoice_is_paid(full_shop: Shop) -> None:
    user = full_shop.subscriber(full_shop.price("Pro"))
    no_credit = {"bill_for": {"unused_time_from": {"type": "none"}}}
    full_shop.stripe.subscriptions.pause(user.subscription, no_credit)
    full_shop.use_card(user, "pm_card_chargeCustomerFail")

    outcome = full_shop.outcome(user, "resume")

    assert outcome["status"] == "requires_action"
    assert full_shop.subscription(user)["status"] == "paused"
