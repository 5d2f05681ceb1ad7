"""A plan switch at the end of the period with the permission for schedules: made by Stripe."""

from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from actions.models import ActionExecution
from sync.models import Price
from tests.actions.shop import REQUIRED, Shop, Subscriber
from tests.actions.switching import make_due, period, plan, rows, switch


def schedule_of(shop: Shop, user: Subscriber) -> Any:
    return shop.stripe.subscription_schedules.retrieve(shop.subscription(user)["schedule"])


def calls(shop: Shop) -> list[str]:
    """Last parts of the paths of what was changed."""
    return [change.split("/")[-1].split("_1")[0] for change in shop.changes()]


def only_stripe_knows_better(shop: Shop, user: Subscriber, interaction: str = "decline") -> Any:
    """The outcome of a switch whose plan Stripe refuses, though the mirror has it."""
    gone = shop.price("Gone")
    parameters = {"price": gone, "timing": "period_end"}
    shop.configure({"action": "update_subscription", "parameters": parameters}, interaction=interaction)
    Price.objects.filter(stripe_id=gone).update(stripe_id="price_gone")
    parameters["price"] = "price_gone"
    shop.configure({"action": "update_subscription", "parameters": parameters}, interaction=interaction)
    (outcome,) = shop.click(user, interaction=interaction)["outcomes"]
    return outcome


def test_it_schedules_the_switch_and_keeps_discounts(full_shop: Shop) -> None:
    basic, pro, coupon = full_shop.price("Basic"), full_shop.price("Pro"), full_shop.coupon(duration="forever")
    user = full_shop.subscriber(basic, discounts=[{"coupon": coupon}])

    outcome = switch(full_shop, user, pro)

    assert (outcome["status"], outcome["code"]) == ("pending", "scheduled_at_stripe")
    ends = datetime.fromtimestamp(period(full_shop, user)[1], UTC)
    assert outcome["apply_at"] == ends.strftime("%Y-%m-%dT%H:%M:%SZ")
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


def test_it_looks_more_rarely_the_later_stripe_is(full_shop: Shop) -> None:
    switch(full_shop, full_shop.subscriber(full_shop.price("Basic")), full_shop.price("Pro"))
    action = ActionExecution.objects.get()
    assert action.request is not None
    action.request["facts"]["period_end"] = int(timezone.now().timestamp()) - 3600
    action.save()

    make_due()

    action.refresh_from_db()
    assert action.apply_at is not None
    waits = (action.apply_at - timezone.now()).total_seconds()
    assert 3000 < waits <= 3700


def test_it_confirms_also_where_the_schedule_may_no_longer_be_released(full_shop: Shop) -> None:
    user = full_shop.subscriber(full_shop.price("Basic"), clock=full_shop.clock())
    switch(full_shop, user, full_shop.price("Pro"))
    full_shop.advance(user, days=32)
    key = full_shop.connection.api_key.reveal()
    full_shop.account.sandbox.admin("POST", f"keys/{key}", permissions=list(REQUIRED))

    make_due()

    assert rows(full_shop) == [("succeeded", "")]


def test_it_edits_its_own_schedule_for_a_later_choice(full_shop: Shop) -> None:
    user, team = full_shop.subscriber(full_shop.price("Basic")), full_shop.price("Team")
    switch(full_shop, user, full_shop.price("Pro"))
    first = schedule_of(full_shop, user).id

    assert switch(full_shop, user, team)["status"] == "pending"

    schedule = schedule_of(full_shop, user)
    assert (schedule.id, schedule.phases[1]["items"][0].price) == (first, team)
    assert rows(full_shop) == [("skipped", "replaced"), ("pending", "scheduled_at_stripe")]
    assert calls(full_shop) == ["subscription_schedules", "sub_sched", "sub_sched"]


def test_it_leaves_its_schedule_when_a_later_choice_is_refused(full_shop: Shop) -> None:
    user, pro = full_shop.subscriber(full_shop.price("Basic")), full_shop.price("Pro")
    switch(full_shop, user, pro)

    assert only_stripe_knows_better(full_shop, user)["status"] == "failed"

    assert schedule_of(full_shop, user).phases[1]["items"][0].price == pro
    assert rows(full_shop)[0] == ("pending", "scheduled_at_stripe")


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
    assert rows(full_shop)[0] == rows(full_shop)[2] == ("skipped", "replaced")


def test_it_leaves_its_schedule_when_a_switch_now_is_not_paid(full_shop: Shop) -> None:
    """*If the payment fails, change nothing* holds for what was scheduled too."""
    basic, pro = full_shop.price("Basic"), full_shop.price("Pro")
    user = full_shop.subscriber(basic)
    switch(full_shop, user, pro)
    full_shop.use_card(user, "pm_card_chargeCustomerFail")

    outcome = full_shop.outcome(
        user, "update_subscription", price=full_shop.price("Team", 9000), proration_behavior="always_invoice"
    )

    assert outcome["status"] == "failed"
    assert plan(full_shop, user) == basic
    assert schedule_of(full_shop, user).phases[1]["items"][0].price == pro
    assert rows(full_shop)[0] == ("pending", "scheduled_at_stripe")


def test_it_says_so_where_its_schedule_was_released_or_the_subscription_ended(full_shop: Shop) -> None:
    basic, pro = full_shop.price("Basic"), full_shop.price("Pro")
    released, ended = full_shop.subscriber(basic), full_shop.subscriber(basic)
    for user in (released, ended):
        switch(full_shop, user, pro)
    full_shop.stripe.subscription_schedules.release(schedule_of(full_shop, released).id)
    full_shop.stripe.subscription_schedules.cancel(schedule_of(full_shop, ended).id)

    make_due()

    assert rows(full_shop) == [("skipped", "superseded")] * 2


def test_it_does_not_touch_a_schedule_that_it_did_not_make(full_shop: Shop) -> None:
    user = full_shop.subscriber(full_shop.price("Basic"))
    full_shop.stripe.subscription_schedules.create({"from_subscription": user.subscription})

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

    assert only_stripe_knows_better(full_shop, user)["status"] == "failed"

    assert full_shop.subscription(user)["schedule"] is None
    assert calls(full_shop) == ["subscription_schedules", "sub_sched", "release"]
