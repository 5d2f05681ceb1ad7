"""A plan switch at the end of the period: by Stripe's schedule where the key may, else by our own scheduler."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone

from actions import due_changes, tasks
from actions.models import ActionExecution
from sync.models import Price
from tests.actions.shop import Shop, Subscriber


def switch(shop: Shop, user: Subscriber, price: str, **parameters: Any) -> Any:
    return shop.outcome(user, "update_subscription", price=price, timing="period_end", **parameters)


def make_due() -> None:
    """What beat does every minute, as if the period were about to end."""
    ActionExecution.objects.filter(status="pending").update(apply_at=timezone.now())
    for action_id in due_changes.claim_due():
        due_changes.apply_change(action_id)


def rows(shop: Shop) -> list[tuple[str, str]]:
    kept = ActionExecution.objects.filter(execution__app_id=shop.tenant.id).order_by("id")
    return [(row.status, row.code) for row in kept]


def plan(shop: Shop, user: Subscriber) -> str:
    (item,) = shop.subscription(user)["items"]["data"]
    return str(item["price"]["id"])


def schedule_of(shop: Shop, user: Subscriber) -> Any:
    return shop.stripe.subscription_schedules.retrieve(shop.subscription(user)["schedule"])


def test_it_schedules_the_switch_and_keeps_discounts(full_shop: Shop) -> None:
    basic, pro, coupon = full_shop.price("Basic"), full_shop.price("Pro"), full_shop.coupon(duration="forever")
    user = full_shop.subscriber(basic, discounts=[{"coupon": coupon}])

    outcome = switch(full_shop, user, pro)

    assert (outcome["status"], outcome["code"]) == ("pending", "scheduled_at_stripe")
    ends = full_shop.subscription(user)["items"]["data"][0]["current_period_end"]
    assert outcome["apply_at"] == datetime.fromtimestamp(ends, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    now, then = schedule_of(full_shop, user).phases
    assert [phase["items"][0].price for phase in (now, then)] == [basic, pro]
    assert len(now.discounts) == len(then.discounts) == 1
    assert plan(full_shop, user) == basic


def test_it_confirms_the_switch_and_frees_the_subscription(full_shop: Shop) -> None:
    user = full_shop.subscriber(full_shop.price("Basic"), clock=full_shop.clock())
    pro = full_shop.price("Pro")
    switch(full_shop, user, pro)

    make_due()
    assert rows(full_shop) == [("pending", "scheduled_at_stripe")]
    full_shop.advance(user, days=32)
    make_due()

    assert rows(full_shop) == [("succeeded", "")]
    assert plan(full_shop, user) == pro
    assert full_shop.subscription(user)["schedule"] is None


def test_it_makes_the_switch_itself_without_the_permission(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Basic"))
    pro = shop.price("Pro")

    outcome = switch(shop, user, pro)
    assert (outcome["status"], outcome["code"]) == ("pending", "scheduled_here")
    assert shop.changes() == []
    make_due()

    assert rows(shop) == [("succeeded", "")]
    assert plan(shop, user) == pro
    assert shop.changes() == [f"POST /v1/subscriptions/{user.subscription}"]


def test_it_is_done_by_the_periodic_task(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    user = shop.subscriber(shop.price("Basic"))
    switch(shop, user, shop.price("Pro"))
    monkeypatch.setattr(tasks.apply_due_change, "delay", tasks.apply_due_change.run)

    tasks.apply_due_changes()
    assert rows(shop) == [("pending", "scheduled_here")]
    ActionExecution.objects.update(apply_at=timezone.now())
    tasks.apply_due_changes()

    assert rows(shop) == [("succeeded", "")]


def test_it_leaves_a_plan_alone_that_was_changed_meanwhile(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Basic"))
    switch(shop, user, shop.price("Pro"))
    other = shop.price("Other")
    shop.outcome(user, "update_subscription", price=other)

    make_due()

    assert rows(shop)[0] == ("skipped", "superseded")
    assert plan(shop, user) == other


def test_it_takes_the_later_of_two_choices(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Basic"))
    switch(shop, user, shop.price("Pro"))
    team = shop.price("Team")
    switch(shop, user, team)

    make_due()

    assert rows(shop) == [("skipped", "replaced"), ("succeeded", "")]
    assert plan(shop, user) == team


def test_it_replaces_its_own_schedule(full_shop: Shop) -> None:
    user = full_shop.subscriber(full_shop.price("Basic"))
    switch(full_shop, user, full_shop.price("Pro"))
    team = full_shop.price("Team")

    assert switch(full_shop, user, team)["status"] == "pending"
    assert schedule_of(full_shop, user).phases[1]["items"][0].price == team
    assert rows(full_shop) == [("skipped", "replaced"), ("pending", "scheduled_at_stripe")]


def test_it_releases_its_schedule_for_a_switch_now_or_a_cancellation(full_shop: Shop) -> None:
    user = full_shop.subscriber(full_shop.price("Basic"))
    for action, parameters in [
        ("update_subscription", {"price": full_shop.price("Team")}),
        ("cancel_subscription", {}),
    ]:
        switch(full_shop, user, full_shop.price("Pro"))
        assert full_shop.outcome(user, action, **parameters)["status"] == "succeeded"
        assert full_shop.subscription(user)["schedule"] is None
    assert full_shop.subscription(user)["cancel_at_period_end"] is True


def test_it_does_not_touch_a_schedule_that_it_did_not_make(full_shop: Shop) -> None:
    user = full_shop.subscriber(full_shop.price("Basic"))
    full_shop.stripe.subscription_schedules.create({"from_subscription": user.subscription})
    full_shop.account.requests()

    for action, parameters in [
        ("update_subscription", {"price": full_shop.price("Pro")}),
        ("cancel_subscription", {}),
        ("apply_discount", {"coupon": full_shop.coupon()}),
        ("extend_trial", {"trial_period_days": 7}),
    ]:
        outcome = full_shop.outcome(user, action, **parameters)
        assert (outcome["status"], outcome["code"]) == ("not_allowed", "managed_by_schedule")
    assert full_shop.changes() == []


def test_it_cleans_up_after_a_half_done_pair(full_shop: Shop) -> None:
    user = full_shop.subscriber(full_shop.price("Basic"))
    pro = full_shop.price("Pro")
    full_shop.configure({"action": "update_subscription", "parameters": {"price": pro, "timing": "period_end"}})
    Price.objects.filter(stripe_id=pro).update(stripe_id="price_gone")  # so that only Stripe knows better
    full_shop.configure(
        {"action": "update_subscription", "parameters": {"price": "price_gone", "timing": "period_end"}}
    )

    (outcome,) = full_shop.click(user)["outcomes"]

    assert outcome["status"] == "failed"
    assert full_shop.subscription(user)["schedule"] is None
    assert [change.split("/")[-1] for change in full_shop.changes()][-1] == "release"


def test_it_does_not_switch_what_is_about_to_end(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Basic"))
    shop.outcome(user, "cancel_subscription")

    outcome = switch(shop, user, shop.price("Pro"))

    assert (outcome["status"], outcome["code"]) == ("not_allowed", "is_cancelling")
