"""The status `paused`: https://docs.stripe.com/api/subscriptions/pause and …/resume."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
import stripe

from tests.sandbox.shop import DAY, HOUR, START, Shop, amounts, invoice_of, item_of

CHARGING: Any = {"payment_behavior": "resume_on_payment_success"}
NO_CREDIT: Any = {"bill_for": {"unused_time_from": {"type": "none"}}}
HALF = START + 15 * DAY + DAY // 2


def test_it_stops_billing_until_resumed(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/pausing."""
    sub = shop.subscribe()
    paused = shop.stripe.subscriptions.pause(sub.id)
    assert paused.status == "paused"
    assert paused.status_details is not None
    assert paused.status_details.paused.subscription.type == "pause_requested"
    shop.advance(START + 40 * DAY)
    assert invoice_of(shop.fresh(sub)).id == invoice_of(sub).id
    assert len(shop.events("customer.subscription.paused")) == 1


def test_it_credits_unused_time_on_the_next_invoice(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscriptions/pause#pause_subscription-bill_for."""
    sub = shop.subscribe()
    shop.advance(HALF)
    shop.stripe.subscriptions.pause(sub.id)
    resumed = shop.stripe.subscriptions.resume(sub.id, {**CHARGING, "expand": ["latest_invoice"]})
    assert (resumed.status, resumed.status_details, resumed.billing_cycle_anchor) == ("active", None, HALF)
    assert amounts(invoice_of(resumed)) == [-500, 1000]
    assert shop.events("customer.subscription.resumed")


def test_it_credits_nothing_when_told_so(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscriptions/pause#pause_subscription-bill_for."""
    sub = shop.subscribe()
    shop.advance(HALF)
    shop.stripe.subscriptions.pause(sub.id, NO_CREDIT)
    resumed = shop.stripe.subscriptions.resume(sub.id, {**CHARGING, "expand": ["latest_invoice"]})
    assert amounts(invoice_of(resumed)) == [1000]


def test_it_invoices_the_credit_at_once_when_asked(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscriptions/pause#pause_subscription-invoicing_behavior."""
    sub = shop.subscribe()
    shop.advance(HALF)
    shop.stripe.subscriptions.pause(sub.id, {"invoicing_behavior": "invoice"})
    assert invoice_of(shop.fresh(sub)).total == -500


def test_it_resumes_inside_the_running_period(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscriptions/resume#resume_subscription-billing_cycle_anchor."""
    sub = shop.subscribe()
    shop.stripe.subscriptions.pause(sub.id)
    shop.advance(HALF)
    resumed = shop.stripe.subscriptions.resume(sub.id, {"billing_cycle_anchor": {"type": "unchanged"}})
    assert (resumed.billing_cycle_anchor, item_of(resumed).current_period_end) == (START, START + 31 * DAY)
    shop.advance(START + 31 * DAY + 2 * HOUR)
    assert amounts(invoice_of(shop.fresh(sub))) == [-1000, 500, 1000]


def test_it_stays_paused_until_the_payment_succeeds_when_asked(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscriptions/resume#resume_subscription-payment_behavior."""
    sub = shop.subscribe()
    shop.stripe.subscriptions.pause(sub.id, {"bill_for": {"unused_time_from": {"type": "none"}}})
    shop.pay_with("pm_card_chargeCustomerFail")
    waiting = shop.stripe.subscriptions.resume(
        sub.id, {"payment_behavior": "resume_on_payment_success", "expand": ["latest_invoice"]}
    )
    assert (waiting.status, invoice_of(waiting).status) == ("paused", "open")
    shop.pay_with("pm_card_visa")
    shop.stripe.invoices.pay(invoice_of(waiting).id)
    assert shop.fresh(sub).status == "active"
    assert shop.events("customer.subscription.resumed")


@pytest.mark.parametrize(
    ("card", "status"), [("pm_card_visa", "active"), ("pm_card_chargeCustomerFail", "past_due")]
)
def test_it_waits_by_default_until_somebody_pays(shop: Shop, card: str, status: str) -> None:
    """https://docs.stripe.com/billing/subscriptions/pause#payment-behavior: no attempt during the request."""
    sub = shop.subscribe()
    shop.stripe.subscriptions.pause(sub.id, NO_CREDIT)
    waiting = shop.stripe.subscriptions.resume(sub.id, {"expand": ["latest_invoice"]})
    assert (waiting.status, invoice_of(waiting).status, invoice_of(waiting).attempted) == ("paused", "open", False)
    shop.pay_with(card)
    with suppress(stripe.CardError):
        shop.stripe.invoices.pay(invoice_of(waiting).id)
    assert shop.fresh(sub).status == status
    assert shop.events("customer.subscription.resumed")


def test_it_resumes_when_its_invoice_is_given_up_and_not_when_it_is_void(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/pause#resume-subscriptions."""
    for give_up, status in (("mark_uncollectible", "active"), ("void_invoice", "paused")):
        sub = shop.subscribe()
        shop.stripe.subscriptions.pause(sub.id, NO_CREDIT)
        waiting = shop.stripe.subscriptions.resume(sub.id, {"expand": ["latest_invoice"]})
        getattr(shop.stripe.invoices, give_up)(invoice_of(waiting).id)
        assert shop.fresh(sub).status == status


def test_it_ends_the_period_with_the_pause(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/pause#pause-subscriptions."""
    sub = shop.subscribe()
    shop.advance(HALF)
    assert item_of(shop.stripe.subscriptions.pause(sub.id)).current_period_end == HALF


def test_it_refuses_where_a_pause_makes_no_sense(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/pause: flexible billing mode, no schedule, no trial, no invoices to
    send.
    """
    classic = shop.subscribe(billing_mode={"type": "classic"})
    with pytest.raises(stripe.InvalidRequestError, match="flexible"):
        shop.stripe.subscriptions.pause(classic.id)
    scheduled = shop.subscribe()
    shop.stripe.subscription_schedules.create({"from_subscription": scheduled.id})
    with pytest.raises(stripe.InvalidRequestError, match="schedule"):
        shop.stripe.subscriptions.pause(scheduled.id)
    with pytest.raises(stripe.InvalidRequestError, match="paused"):
        shop.stripe.subscriptions.resume(classic.id)
    on_trial = shop.subscribe(trial_period_days=7)
    with pytest.raises(stripe.InvalidRequestError, match="trialing"):
        shop.stripe.subscriptions.pause(on_trial.id)
    sent = shop.subscribe(collection_method="send_invoice", days_until_due=14)
    with pytest.raises(stripe.InvalidRequestError, match="charged automatically"):
        shop.stripe.subscriptions.pause(sent.id)
