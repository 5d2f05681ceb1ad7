"""A switch of our own scheduler's that does not go as planned: the period moved, nobody was there, Stripe was not."""

from typing import Any

import pytest
from django.utils import timezone

from actions import due_changes
from actions.models import ActionExecution, ActionLimit
from connector.models import Connection
from tests.actions.shop import Shop
from tests.actions.switching import apply_at, before, make_due, on_a_clock, period, plan, rows, switch


@pytest.mark.parametrize(
    "terms", [{"trial_period_days": 14}, {}], ids=["a longer trial", "free days after the paid period"]
)
def test_it_waits_for_the_end_of_a_period_that_was_made_longer(shop: Shop, terms: dict[str, Any]) -> None:
    basic, pro = shop.price("Basic"), shop.price("Pro")
    user = shop.subscriber(basic, **terms)
    switch(shop, user, pro)
    assert shop.outcome(user, "extend_trial", trial_period_days=7)["status"] == "succeeded"

    make_due()
    assert rows(shop)[0] == ("pending", "scheduled_here")
    assert apply_at(shop) == before(period(shop, user)[1])
    assert plan(shop, user) == basic
    make_due()

    assert rows(shop)[0] == ("succeeded", "")
    assert plan(shop, user) == pro


def test_it_waits_for_the_end_of_a_period_that_was_started_anew(shop: Shop) -> None:
    basic = shop.price("Basic")
    user = on_a_clock(shop, basic)
    switch(shop, user, shop.price("Pro"))
    shop.advance(user, days=10)
    shop.stripe.subscriptions.update(user.subscription, {"billing_cycle_anchor": {"type": "now"}})

    make_due()

    assert rows(shop) == [("pending", "scheduled_here")]
    assert apply_at(shop) == before(period(shop, user)[1])
    assert plan(shop, user) == basic


def test_it_costs_what_it_would_have_cost_when_it_is_late(shop: Shop) -> None:
    """Nobody was there at the moment: the new period has begun at the old price."""
    user = on_a_clock(shop, shop.price("Basic", 1000))
    pro = shop.price("Pro", 3000)
    switch(shop, user, pro)
    shop.advance(user, days=33)

    make_due()

    assert rows(shop) == [("succeeded", "")]
    assert plan(shop, user) == pro
    shop.advance(user, days=30)
    newest, *older = shop.stripe.invoices.list({"customer": user.customer}).data
    assert [invoice.total for invoice in older] == [1000, 1000]
    assert newest.total == 3000 + (3000 - 1000)


def test_it_switches_to_another_interval_late(shop: Shop) -> None:
    user = on_a_clock(shop, shop.price("Basic", 1000))
    yearly = shop.price("Yearly", 9000, recurring={"interval": "year"})
    switch(shop, user, yearly)
    shop.advance(user, days=33)

    make_due()

    assert rows(shop) == [("succeeded", "")]
    assert shop.stripe.invoices.list({"customer": user.customer}).data[0].total == 9000 - 1000


def test_it_is_too_late_after_another_whole_period(shop: Shop) -> None:
    basic = shop.price("Basic")
    user = on_a_clock(shop, basic)
    switch(shop, user, shop.price("Pro"))
    shop.advance(user, days=33)
    shop.advance(user, days=31)

    make_due()

    assert rows(shop) == [("failed", "too_late")]
    assert plan(shop, user) == basic


def test_it_ends_with_a_subscription_that_is_gone(shop: Shop) -> None:
    switch(shop, shop.subscriber(shop.price("Basic")), shop.price("Pro"))
    ActionExecution.objects.update(subscription="sub_gone")

    make_due()

    assert rows(shop) == [("skipped", "subscription_gone")]


@pytest.mark.parametrize("path", ["/v1/subscriptions/*", "/v1/subscriptions"])
def test_it_is_tried_again_while_stripe_cannot_be_read(shop: Shop, path: str) -> None:
    user, pro = shop.subscriber(shop.price("Basic")), shop.price("Pro")
    switch(shop, user, pro)
    shop.account.sandbox.admin(
        "POST", "faults", kind="drop_before", account=shop.account.id, method="GET", path=path, count=3
    )

    make_due()
    assert rows(shop) == [("pending", "scheduled_here")]
    make_due()

    assert rows(shop) == [("succeeded", "")]
    assert shop.changes() == [f"POST /v1/subscriptions/{user.subscription}"]


def test_it_waits_while_the_connection_is_not_active(shop: Shop) -> None:
    switch(shop, shop.subscriber(shop.price("Basic")), shop.price("Pro"))
    Connection.objects.update(status=Connection.Status.INACTIVE)

    make_due()
    assert rows(shop) == [("pending", "scheduled_here")]
    Connection.objects.update(status=Connection.Status.ACTIVE)
    make_due()

    assert rows(shop) == [("succeeded", "")]


@pytest.mark.parametrize(
    ("limit", "expected"),
    [({"paused": True}, ("not_allowed", "paused")), ({"per_user_per_day": 1}, ("succeeded", ""))],
)
def test_it_is_stopped_by_the_kill_switch_and_by_no_cap(
    shop: Shop, limit: dict[str, Any], expected: tuple[str, str]
) -> None:
    """It was counted when it was chosen."""
    user = shop.subscriber(shop.price("Basic"))
    switch(shop, user, shop.price("Pro"))
    shop.outcome(user, "apply_discount", coupon=shop.coupon())
    ActionLimit.objects.create(connection=shop.connection, **limit)

    make_due()

    assert rows(shop)[0] == expected


def test_it_says_so_when_the_payment_fails(shop: Shop) -> None:
    basic = shop.price("Basic")
    user = shop.subscriber(basic)
    switch(shop, user, shop.price("Yearly", 9000, recurring={"interval": "year"}))
    shop.use_card(user, "pm_card_chargeCustomerFail")

    make_due()

    assert rows(shop) == [("failed", "payment_failed")]
    assert plan(shop, user) == basic


def test_it_claims_each_change_once_a_minute(shop: Shop) -> None:
    switch(shop, shop.subscriber(shop.price("Basic")), shop.price("Pro"))
    ActionExecution.objects.update(apply_at=timezone.now())

    assert len(due_changes.claim_due()) == 1
    assert due_changes.claim_due() == []
