"""Subscription schedules: https://docs.stripe.com/billing/subscriptions/subscription-schedules."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.sandbox.shop import DAY, HOUR, START, Shop, amounts, invoice_of, item_of

PERIOD_END = START + 31 * DAY


def switch_later(shop: Shop, sub: stripe.Subscription, price: str, **more: Any) -> stripe.SubscriptionSchedule:
    """The documented two calls of a switch at the period's end."""
    schedule = shop.stripe.subscription_schedules.create({"from_subscription": sub.id})
    now = schedule.phases[0]
    current: Any = {
        "start_date": now.start_date,
        "end_date": now.end_date,
        "items": [{"price": item.price, "quantity": item.quantity} for item in now.items],
        "discounts": [{"discount": each.discount} for each in now.discounts],
    }
    later: Any = {"items": [{"price": price}], "proration_behavior": "none", **more}
    return shop.stripe.subscription_schedules.update(
        schedule.id, {"phases": [current, later], "end_behavior": "release"}
    )


def test_it_copies_the_running_phase(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscription_schedules/create#create_subscription_schedule-from_subscription."""
    coupon = shop.stripe.coupons.create({"percent_off": 10, "duration": "forever"}).id
    sub = shop.subscribe(discounts=[{"coupon": coupon}])
    schedule = shop.stripe.subscription_schedules.create({"from_subscription": sub.id})
    phase = schedule.phases[0]
    assert (schedule.status, schedule.subscription, schedule.end_behavior) == ("active", sub.id, "release")
    assert (phase.start_date, phase.end_date) == (START, PERIOD_END)
    assert [each.discount for each in phase.discounts] == sub.discounts
    assert shop.fresh(sub).schedule == schedule.id


def test_it_takes_nothing_else_with_from_subscription(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscription_schedules/create#create_subscription_schedule-from_subscription."""
    sub = shop.subscribe()
    with pytest.raises(stripe.InvalidRequestError, match="if `from_subscription` is set"):
        shop.stripe.subscription_schedules.create({"from_subscription": sub.id, "end_behavior": "cancel"})
    shop.stripe.subscription_schedules.create({"from_subscription": sub.id})
    with pytest.raises(stripe.InvalidRequestError, match="already attached"):
        shop.stripe.subscription_schedules.create({"from_subscription": sub.id})


def test_it_switches_at_the_end_of_the_period(shop: Shop) -> None:
    sub = shop.subscribe()
    schedule = switch_later(shop, sub, shop.premium, duration={"interval": "month"})
    assert item_of(shop.fresh(sub)).price.id == shop.basic
    shop.advance(PERIOD_END + 2 * HOUR)
    switched = shop.fresh(sub)
    assert (item_of(switched).price.id, amounts(invoice_of(switched))) == (shop.premium, [2000])
    shop.advance(START + 60 * DAY)
    released = shop.stripe.subscription_schedules.retrieve(schedule.id)
    assert (released.status, shop.fresh(sub).schedule) == ("released", None)
    assert item_of(shop.fresh(sub)).price.id == shop.premium


def test_it_starts_a_new_cycle_when_the_interval_changes(shop: Shop) -> None:
    sub = shop.subscribe()
    switch_later(shop, sub, shop.yearly, duration={"interval": "year"})
    shop.advance(PERIOD_END + 2 * HOUR)
    yearly = shop.fresh(sub)
    assert (amounts(invoice_of(yearly)), yearly.billing_cycle_anchor) == ([10000], PERIOD_END)
    assert item_of(yearly).current_period_end == PERIOD_END + 365 * DAY


def test_it_drops_discounts_that_the_next_phase_does_not_list(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscription_schedules/update#update_subscription_schedule-phases-discounts."""
    coupon = shop.stripe.coupons.create({"percent_off": 10, "duration": "forever"}).id
    kept, dropped = (shop.subscribe(discounts=[{"coupon": coupon}]) for _ in range(2))
    switch_later(shop, kept, shop.premium, discounts=[{"discount": kept.discounts[0]}])
    switch_later(shop, dropped, shop.premium)
    shop.advance(PERIOD_END + 2 * HOUR)
    assert (shop.fresh(kept).discounts, invoice_of(shop.fresh(kept)).total) == (kept.discounts, 1800)
    assert (shop.fresh(dropped).discounts, invoice_of(shop.fresh(dropped)).total) == ([], 2000)


def test_it_changes_the_running_phase_at_once(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscription_schedules/update."""
    sub = shop.subscribe()
    schedule = shop.stripe.subscription_schedules.create({"from_subscription": sub.id})
    shop.advance(START + 15 * DAY + DAY // 2)
    phases: Any = [{"start_date": START, "end_date": PERIOD_END, "items": [{"price": shop.premium}]}]
    shop.stripe.subscription_schedules.update(
        schedule.id, {"phases": phases, "proration_behavior": "always_invoice"}
    )
    assert amounts(invoice_of(shop.fresh(sub))) == [-500, 1000]


def test_it_blocks_direct_cancellation(shop: Shop) -> None:
    """The general page: manage the schedule instead; the wording of the refusal is inferred."""
    sub = shop.subscribe()
    schedule = shop.stripe.subscription_schedules.create({"from_subscription": sub.id})
    for params in ({"cancel_at_period_end": True}, {"cancel_at": PERIOD_END}):
        with pytest.raises(stripe.InvalidRequestError, match=schedule.id):
            shop.update(sub, **params)
    with pytest.raises(stripe.InvalidRequestError, match="managed by the subscription schedule"):
        shop.stripe.subscriptions.cancel(sub.id)
    shop.stripe.subscription_schedules.release(schedule.id)
    assert shop.update(sub, cancel_at_period_end=True).cancel_at_period_end


def test_it_can_end_the_subscription_with_the_schedule(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscription_schedules/object#subscription_schedule_object-end_behavior."""
    sub = shop.subscribe()
    schedule = shop.stripe.subscription_schedules.create({"from_subscription": sub.id})
    shop.stripe.subscription_schedules.update(schedule.id, {"end_behavior": "cancel"})
    assert shop.fresh(sub).cancel_at == PERIOD_END
    shop.advance(PERIOD_END + HOUR)
    assert shop.fresh(sub).status == "canceled"
    assert shop.stripe.subscription_schedules.retrieve(schedule.id).status == "completed"


def test_it_takes_a_planned_end_over(shop: Shop) -> None:
    """Inferred from the object: a planned end is the end of the last phase, with `end_behavior` `cancel`."""
    sub = shop.update(shop.subscribe(), cancel_at_period_end=True)
    schedule = shop.stripe.subscription_schedules.create({"from_subscription": sub.id})
    assert (schedule.end_behavior, schedule.phases[0].end_date) == ("cancel", PERIOD_END)
    assert shop.fresh(sub).cancel_at == PERIOD_END


def test_it_keeps_the_planned_end_on_release_when_asked(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscription_schedules/release."""
    for preserve in (True, False):
        sub = shop.subscribe()
        schedule = shop.stripe.subscription_schedules.create({"from_subscription": sub.id})
        shop.stripe.subscription_schedules.update(schedule.id, {"end_behavior": "cancel"})
        shop.stripe.subscription_schedules.release(schedule.id, {"preserve_cancel_date": preserve})
        assert (shop.fresh(sub).cancel_at == PERIOD_END) == preserve


def test_it_cancels_the_subscription_too(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscription_schedules/cancel."""
    sub = shop.subscribe()
    schedule = shop.stripe.subscription_schedules.create({"from_subscription": sub.id})
    shop.advance(START + 15 * DAY + DAY // 2)
    assert shop.stripe.subscription_schedules.cancel(schedule.id).status == "canceled"
    assert shop.fresh(sub).status == "canceled"
    assert shop.stripe.customers.retrieve(shop.customer).balance == -500
    with pytest.raises(stripe.InvalidRequestError, match="not_started"):
        shop.stripe.subscription_schedules.release(schedule.id)


def test_it_starts_a_subscription_later(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscription_schedules/create#create_subscription_schedule-start_date."""
    schedule = shop.stripe.subscription_schedules.create(
        {
            "customer": shop.customer,
            "start_date": START + 5 * DAY,
            "phases": [{"items": [{"price": shop.basic}], "duration": {"interval": "month"}}],
        }
    )
    assert (schedule.status, schedule.subscription) == ("not_started", None)
    shop.advance(START + 6 * DAY)
    started = shop.stripe.subscription_schedules.retrieve(schedule.id, {"expand": ["subscription"]})
    assert isinstance(started.subscription, stripe.Subscription)
    assert (started.status, started.subscription.start_date) == ("active", START + 5 * DAY)


def test_it_keeps_the_discounts_of_items_and_gives_new_ones(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscription_schedules/update."""
    coupon = shop.stripe.coupons.create({"percent_off": 50, "duration": "forever"}).id
    sub = shop.subscribe(items=[{"price": shop.basic, "discounts": [{"coupon": coupon}]}])
    schedule = shop.stripe.subscription_schedules.create({"from_subscription": sub.id})
    copied = schedule.phases[0].items[0]
    assert [each.discount for each in copied.discounts] == item_of(sub).discounts
    phases: Any = [
        {
            "start_date": START,
            "end_date": PERIOD_END,
            "items": [{"price": shop.basic, "discounts": [{"discount": item_of(sub).discounts[0]}]}],
        },
        {"items": [{"price": shop.premium, "discounts": [{"coupon": coupon}]}]},
    ]
    shop.stripe.subscription_schedules.update(schedule.id, {"phases": phases})
    assert item_of(shop.fresh(sub)).discounts == item_of(sub).discounts
    shop.advance(PERIOD_END + 2 * HOUR)
    assert amounts(invoice_of(shop.fresh(sub))) == [2000]
    assert invoice_of(shop.fresh(sub)).total == 1000


def test_it_begins_a_phase_with_an_inline_price_or_an_archived_one(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscription_schedules/update#update_subscription_schedule-phases-items."""
    inline, archived = shop.subscribe(), shop.subscribe(shop.premium)
    data = {
        "currency": "usd",
        "product": shop.product,
        "recurring": {"interval": "month"},
        "unit_amount": 777,
    }
    switch_later(shop, inline, "", items=[{"price_data": data}])
    switch_later(shop, archived, shop.basic)
    shop.stripe.prices.update(shop.basic, {"active": False})
    shop.advance(PERIOD_END + 2 * HOUR)
    assert invoice_of(shop.fresh(inline)).total == 777
    assert item_of(shop.fresh(archived)).price.id == shop.basic


def test_it_prorates_a_phase_that_begins_inside_a_period(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/subscription-schedules#phase-transitions."""
    half = START + 15 * DAY + DAY // 2
    phases: Any = [
        {"items": [{"price": shop.basic}], "end_date": half},
        {
            "items": [{"price": shop.premium}],
            "duration": {"interval": "month"},
            "proration_behavior": "always_invoice",
        },
    ]
    schedule = shop.stripe.subscription_schedules.create(
        {"customer": shop.customer, "start_date": "now", "phases": phases, "expand": ["subscription"]}
    )
    sub = schedule.subscription
    assert isinstance(sub, stripe.Subscription)
    shop.advance(half + HOUR)
    switched = shop.fresh(sub)
    assert amounts(invoice_of(switched)) == [-500, 1000]
    assert (item_of(switched).price.id, item_of(switched).current_period_end) == (shop.premium, PERIOD_END)
    current = shop.stripe.subscription_schedules.retrieve(schedule.id).current_phase
    assert current is not None
    assert current.start_date == half


def test_it_begins_with_a_trial_phase(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscription_schedules/update#update_subscription_schedule-phases-trial_end."""
    phases: Any = [
        {"items": [{"price": shop.basic}], "trial": True, "end_date": START + 10 * DAY},
        {"items": [{"price": shop.basic}], "duration": {"interval": "month"}},
    ]
    schedule = shop.stripe.subscription_schedules.create(
        {"customer": shop.customer, "start_date": START, "phases": phases, "expand": ["subscription"]}
    )
    sub = schedule.subscription
    assert isinstance(sub, stripe.Subscription)
    assert (sub.status, sub.trial_end) == ("trialing", START + 10 * DAY)
    shop.advance(START + 10 * DAY + 2 * HOUR)
    active = shop.fresh(sub)
    assert (active.status, invoice_of(active).total) == ("active", 1000)


def test_it_refuses_phases_with_gaps(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscription_schedules/update#update_subscription_schedule-phases-start_date."""
    sub = shop.subscribe()
    schedule = shop.stripe.subscription_schedules.create({"from_subscription": sub.id})
    gap: Any = [
        {"start_date": START, "end_date": PERIOD_END, "items": [{"price": shop.basic}]},
        {"start_date": PERIOD_END + DAY, "items": [{"price": shop.premium}]},
    ]
    moved: Any = [{"start_date": START + DAY, "end_date": PERIOD_END, "items": [{"price": shop.basic}]}]
    for phases in (gap, moved):
        with pytest.raises(stripe.InvalidRequestError, match="phase"):
            shop.stripe.subscription_schedules.update(schedule.id, {"phases": phases})


def test_it_starts_and_changes_phases_without_a_payment_method(shop: Shop) -> None:
    """Time cannot be refused: what cannot be charged is owed."""
    half = START + 15 * DAY + DAY // 2
    phases: Any = [
        {"items": [{"price": shop.basic}], "end_date": half},
        {"items": [{"price": shop.premium}], "proration_behavior": "always_invoice"},
    ]
    schedule = shop.stripe.subscription_schedules.create(
        {
            "customer": shop.new_customer(),
            "start_date": START + DAY,
            "phases": phases,
        }
    )
    shop.advance(START + DAY)
    started = shop.stripe.subscription_schedules.retrieve(schedule.id, {"expand": ["subscription"]})
    sub = started.subscription
    assert isinstance(sub, stripe.Subscription)
    assert (sub.status, invoice_of(shop.fresh(sub)).status) == ("active", "draft")
    shop.advance(START + DAY + HOUR)
    assert shop.fresh(sub).status == "past_due"
    shop.advance(half + HOUR)
    assert item_of(shop.fresh(sub)).price.id == shop.premium
