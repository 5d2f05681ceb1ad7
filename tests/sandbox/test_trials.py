"""Free trials: https://docs.stripe.com/billing/subscriptions/trials."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox.shop import DAY, HOUR, START, Shop, amounts, invoice_of, item_of, previous

TRIAL_END = START + 14 * DAY


def test_it_starts_a_trial_with_an_invoice_of_nothing(shop: Shop) -> None:
    sub = shop.subscribe(customer=shop.new_customer(), trial_period_days=14)
    assert (sub.status, sub.trial_start, sub.trial_end) == ("trialing", START, TRIAL_END)
    assert (item_of(sub).current_period_end, sub.billing_cycle_anchor) == (TRIAL_END, TRIAL_END)
    assert (amounts(invoice_of(sub)), invoice_of(sub).status) == ([0], "paid")


def test_it_warns_three_days_before_and_bills_at_the_end(shop: Shop) -> None:
    sub = shop.subscribe(trial_period_days=14)
    shop.advance(TRIAL_END - 4 * DAY)
    assert not shop.events("customer.subscription.trial_will_end")
    shop.advance(TRIAL_END + 2 * HOUR)
    assert len(shop.events("customer.subscription.trial_will_end")) == 1
    active = shop.fresh(sub)
    assert (active.status, item_of(active).current_period_start) == ("active", TRIAL_END)
    assert (invoice_of(active).total, invoice_of(active).status) == (1000, "paid")


def test_it_warns_at_once_about_a_short_trial(shop: Shop) -> None:
    """https://docs.stripe.com/api/events/types#event_types-customer.subscription.trial_will_end."""
    shop.subscribe(trial_period_days=1)
    assert len(shop.events("customer.subscription.trial_will_end")) == 1


@pytest.mark.parametrize(
    ("behavior", "status"), [("create_invoice", "past_due"), ("cancel", "canceled"), ("pause", "paused")]
)
def test_it_ends_a_trial_without_payment_method(shop: Shop, behavior: str, status: str) -> None:
    """https://docs.stripe.com/billing/subscriptions/trials#create-free-trials-without-payment."""
    settings = {"end_behavior": {"missing_payment_method": behavior}}
    sub = shop.subscribe(customer=shop.new_customer(), trial_period_days=14, trial_settings=settings)
    shop.advance(TRIAL_END + 2 * HOUR)
    ended = shop.fresh(sub)
    assert ended.status == status
    if status == "paused":
        assert ended.status_details is not None
        assert ended.status_details.paused.subscription.type == "trial_end_without_payment_method"
        assert shop.events("customer.subscription.paused")


def test_it_extends_a_trial(shop: Shop) -> None:
    sub = shop.subscribe(trial_period_days=14)
    longer = shop.update(sub, trial_end=TRIAL_END + 7 * DAY, proration_behavior="none")
    assert (longer.status, longer.trial_start, longer.trial_end) == ("trialing", START, TRIAL_END + 7 * DAY)
    assert item_of(longer).current_period_end == TRIAL_END + 7 * DAY
    assert previous(shop.events("customer.subscription.updated")[-1])["trial_end"] == TRIAL_END


def test_it_puts_a_paying_customer_on_trial(shop: Shop) -> None:
    """The unused time is credited unless prorations are off."""
    sub, other = shop.subscribe(), shop.subscribe(shop.premium)
    now = START + 15 * DAY + DAY // 2
    shop.advance(now)
    trial = shop.update(sub, trial_end=now + 7 * DAY)
    assert (trial.status, trial.trial_start) == ("trialing", now)
    assert invoice_of(trial).total == -500
    free = shop.update(other, trial_end=now + 7 * DAY, proration_behavior="none")
    assert (free.status, invoice_of(free).total) == ("trialing", 0)


def test_it_converts_a_trial_now(shop: Shop) -> None:
    sub = shop.subscribe(trial_period_days=14)
    shop.advance(START + 5 * DAY)
    paid = shop.update(sub, trial_end="now", payment_behavior="error_if_incomplete")
    assert (paid.status, paid.trial_end, paid.billing_cycle_anchor) == (
        "active",
        START + 5 * DAY,
        START + 5 * DAY,
    )
    assert invoice_of(paid).amount_paid == 1000


def test_it_keeps_the_trial_when_the_conversion_is_not_paid(shop: Shop) -> None:
    sub = shop.subscribe(trial_period_days=14)
    shop.pay_with("pm_card_chargeCustomerFail")
    with pytest.raises(stripe.CardError):
        shop.update(sub, trial_end="now", payment_behavior="error_if_incomplete")
    assert shop.fresh(sub).status == "trialing"


def test_it_bills_nothing_for_a_switch_during_a_trial(shop: Shop) -> None:
    sub = shop.subscribe(trial_period_days=14)
    switched = shop.switch(sub, shop.yearly, proration_behavior="always_invoice")
    assert (switched.status, switched.trial_end) == ("trialing", TRIAL_END)
    assert invoice_of(switched).id == invoice_of(sub).id
    shop.advance(TRIAL_END + 2 * HOUR)
    assert invoice_of(shop.fresh(sub)).total == 10000


def test_it_refuses_impossible_trials(shop: Shop) -> None:
    sub = shop.subscribe(trial_period_days=14)
    with pytest.raises(stripe.InvalidRequestError, match="in the future"):
        shop.update(sub, trial_end=START - 1)
    with pytest.raises(stripe.InvalidRequestError, match="730 days after"):
        shop.update(sub, trial_end=TRIAL_END + 731 * DAY)
    with pytest.raises(stripe.InvalidRequestError, match="only specify one"):
        shop.subscribe(trial_period_days=3, trial_end=TRIAL_END)


def test_it_refuses_a_new_anchor_during_a_trial(shop: Shop) -> None:
    """https://docs.stripe.com/changelog/endive/2026-10-28/error-code-billing-cycle-trial-end-validation-subscriptions."""
    sub = shop.subscribe(trial_period_days=14)
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        shop.update(sub, billing_cycle_anchor={"type": "now"})
    assert refusal.value.code == "subscription_update_trial_after_billing_cycle_anchor"


def test_it_bills_in_part_between_the_trial_and_the_anchor(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/trials#combine-trial-anchor: 6 days of a period of 31."""
    anchor = TRIAL_END + 6 * DAY
    sub = shop.subscribe(trial_period_days=14, billing_cycle_anchor=anchor)
    shop.advance(TRIAL_END + 2 * HOUR)
    partial = shop.fresh(sub)
    assert (partial.status, item_of(partial).current_period_end) == ("active", anchor)
    assert invoice_of(partial).total == 194
    shop.advance(anchor + 2 * HOUR)
    assert invoice_of(shop.fresh(sub)).total == 1000


def test_it_gives_usage_away_during_a_trial(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/trials."""
    meter = shop.stripe.billing.meters.create(
        {"display_name": "Calls", "event_name": "calls", "default_aggregation": {"formula": "sum"}}
    )
    metered = shop.price(10, recurring={"interval": "month", "usage_type": "metered", "meter": meter.id})
    sub = shop.subscribe(shop.basic, metered, trial_period_days=14)
    shop.stripe.billing.meter_events.create(
        {"event_name": "calls", "payload": {"stripe_customer_id": shop.customer, "value": "25"}}
    )
    shop.advance(TRIAL_END + 2 * HOUR)
    assert invoice_of(shop.fresh(sub)).total == 1000
