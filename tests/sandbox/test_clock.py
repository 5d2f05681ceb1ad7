"""What time does: renewals, retries, their end. https://docs.stripe.com/billing/testing/test-clocks."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox.shop import DAY, HOUR, START, Shop, invoice_of, item_of, previous
from tests.sandbox_process import StripeAccount

PERIOD_END = START + 31 * DAY


def test_it_renews_with_a_draft_that_is_charged_an_hour_later(shop: Shop) -> None:
    """https://docs.stripe.com/billing/invoices/subscription."""
    sub = shop.subscribe()
    shop.advance(PERIOD_END)
    renewed = shop.fresh(sub)
    assert (item_of(renewed).current_period_start, item_of(renewed).current_period_end) == (
        PERIOD_END,
        START + 59 * DAY,
    )
    invoice = invoice_of(renewed)
    assert (invoice.status, invoice.billing_reason) == ("draft", "subscription_cycle")
    assert (invoice.period_start, invoice.period_end) == (START, PERIOD_END)
    shop.advance(PERIOD_END + HOUR)
    assert invoice_of(shop.fresh(sub)).status == "paid"


def test_it_keeps_the_anchor_day_through_short_months(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/billing-cycle: 31 January, 28 February, 31 March."""
    shop.advance(START + 30 * DAY)
    sub = shop.subscribe()
    ends = [item_of(sub).current_period_end]
    for moment in (START + 59 * DAY, START + 90 * DAY):
        shop.advance(moment)
        ends.append(item_of(shop.fresh(sub)).current_period_end)
    assert ends == [START + 58 * DAY, START + 89 * DAY, START + 119 * DAY]


def test_it_renews_each_item_at_its_own_time(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/mixed-interval."""
    sub = shop.subscribe(shop.basic, shop.yearly)
    shop.advance(PERIOD_END + 2 * HOUR)
    assert invoice_of(shop.fresh(sub)).total == 1000


def test_it_retries_a_failed_renewal_and_cancels_in_the_end(shop: Shop) -> None:
    """https://docs.stripe.com/billing/revenue-recovery/smart-retries."""
    sub = shop.subscribe()
    shop.pay_with("pm_card_chargeCustomerFail")
    shop.advance(PERIOD_END + 2 * HOUR)
    late = shop.fresh(sub)
    assert (late.status, invoice_of(late).attempt_count) == ("past_due", 1)
    assert invoice_of(late).next_payment_attempt == PERIOD_END + HOUR + 3 * DAY
    assert shop.stripe.customers.retrieve(shop.customer).delinquent
    shop.advance(PERIOD_END + 16 * DAY)
    ended = shop.fresh(sub)
    assert (ended.status, invoice_of(ended).attempt_count) == ("canceled", 4)
    assert ended.cancellation_details is not None
    assert ended.cancellation_details.reason == "payment_failed"


def test_it_recovers_when_a_retry_succeeds(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses."""
    sub = shop.subscribe()
    shop.pay_with("pm_card_chargeCustomerFail")
    shop.advance(PERIOD_END + 2 * HOUR)
    shop.pay_with("pm_card_visa")
    shop.advance(PERIOD_END + 4 * DAY)
    assert (shop.fresh(sub).status, invoice_of(shop.fresh(sub)).status) == ("active", "paid")
    assert not shop.stripe.customers.retrieve(shop.customer).delinquent
    assert previous(shop.events("customer.subscription.updated")[-1]) == {"status": "past_due"}


@pytest.mark.parametrize("setting", ["unpaid", "past_due"])
def test_it_does_what_the_account_wants_after_the_last_retry(
    shop: Shop, stripe_account: StripeAccount, setting: str
) -> None:
    """https://docs.stripe.com/billing/subscriptions/overview#unpaid-subscriptions."""
    stripe_account.sandbox.admin("POST", "settings", account=stripe_account.id, after_dunning=setting)
    sub = shop.subscribe()
    shop.pay_with("pm_card_chargeCustomerFail")
    shop.advance(PERIOD_END + 16 * DAY)
    assert shop.fresh(sub).status == setting
    shop.advance(START + 60 * DAY)
    drafts = invoice_of(shop.fresh(sub)).status == "draft"
    assert drafts == (setting == "unpaid")


def test_it_keeps_drafts_void_or_uncollectible_while_collection_is_paused(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/pause-payment: the status stays as it is."""
    subs = {
        behavior: shop.update(shop.subscribe(), pause_collection={"behavior": behavior})
        for behavior in ("keep_as_draft", "void", "mark_uncollectible")
    }
    assert {sub.status for sub in subs.values()} == {"active"}
    shop.advance(PERIOD_END + 2 * HOUR)
    statuses = {behavior: invoice_of(shop.fresh(sub)).status for behavior, sub in subs.items()}
    assert statuses == {"keep_as_draft": "draft", "void": "void", "mark_uncollectible": "uncollectible"}


def test_it_resumes_collection_in_time_or_when_asked(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscriptions/object#subscription_object-pause_collection-resumes_at."""
    pause = {"behavior": "void", "resumes_at": START + 5 * DAY}
    timed = shop.update(shop.subscribe(), pause_collection=pause)
    asked = shop.update(shop.subscribe(shop.premium), pause_collection={"behavior": "void"})
    shop.advance(START + 6 * DAY)
    assert shop.fresh(timed).pause_collection is None
    assert shop.update(asked, pause_collection="").pause_collection is None


def test_it_bills_usage_after_the_period(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/usage-based."""
    meter = shop.stripe.billing.meters.create(
        {"display_name": "Calls", "event_name": "calls", "default_aggregation": {"formula": "sum"}}
    )
    metered = shop.price(10, recurring={"interval": "month", "usage_type": "metered", "meter": meter.id})
    sub = shop.subscribe(metered)
    assert "quantity" not in item_of(sub).to_dict()
    shop.advance(START + 2 * DAY)
    shop.stripe.billing.meter_events.create(
        {
            "event_name": "calls",
            "timestamp": START + DAY,
            "payload": {"stripe_customer_id": shop.customer, "value": "25"},
        }
    )
    shop.advance(PERIOD_END + 2 * HOUR)
    assert invoice_of(shop.fresh(sub)).total == 250
    with pytest.raises(stripe.InvalidRequestError, match="metered"):
        shop.update(sub, items=[{"id": item_of(sub).id, "quantity": 2}])


def test_it_only_moves_forward_and_two_intervals_at_most(shop: Shop) -> None:
    """https://docs.stripe.com/billing/testing/test-clocks/api-advanced-usage."""
    shop.subscribe()
    with pytest.raises(stripe.InvalidRequestError, match="must be after"):
        shop.advance(START - 1)
    with pytest.raises(stripe.InvalidRequestError, match="two intervals"):
        shop.advance(START + 90 * DAY)


def test_it_deletes_a_clock_with_its_customers(shop: Shop) -> None:
    """https://docs.stripe.com/api/test_clocks/delete."""
    sub = shop.subscribe()
    shop.stripe.test_helpers.test_clocks.delete(shop.clock)
    assert shop.stripe.subscriptions.retrieve(sub.id).status == "canceled"
    assert shop.stripe.customers.retrieve(shop.customer).deleted


def test_it_cannot_charge_a_card_that_was_detached(shop: Shop) -> None:
    """https://docs.stripe.com/api/payment_methods/detach."""
    card = shop.stripe.payment_methods.attach("pm_card_mastercard", {"customer": shop.customer}).id
    own = shop.subscribe(default_payment_method=card)
    shop.stripe.payment_methods.detach(card)
    shop.advance(PERIOD_END + 2 * HOUR)
    assert invoice_of(shop.fresh(own)).status == "paid"
    other = shop.pay_with("pm_card_visa")
    shop.stripe.payment_methods.detach(other)
    shop.advance(START + 59 * DAY + 2 * HOUR)
    assert shop.fresh(own).status == "past_due"
