"""Ending subscriptions: https://docs.stripe.com/billing/subscriptions/cancel."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox.shop import DAY, HOUR, START, Shop, amounts, invoice_of, item_of, previous

PERIOD_END = START + 31 * DAY


def test_it_ends_now_without_credit_unless_asked(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscriptions/cancel: neither `prorate` nor `invoice_now` unless asked."""
    sub = shop.subscribe()
    shop.advance(START + 10 * DAY)
    ended = shop.stripe.subscriptions.cancel(
        sub.id, {"cancellation_details": {"feedback": "too_expensive", "comment": "no"}}
    )
    assert (ended.status, ended.ended_at, ended.canceled_at) == (
        "canceled",
        START + 10 * DAY,
        START + 10 * DAY,
    )
    assert ended.cancellation_details is not None
    assert ended.cancellation_details.reason == "cancellation_requested"
    assert ended.cancellation_details.feedback == "too_expensive"
    assert shop.stripe.customers.retrieve(shop.customer).balance == 0
    assert [event.data.object["status"] for event in shop.events("customer.subscription.deleted")] == ["canceled"]


def test_it_credits_unused_time_when_asked(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscriptions/cancel#cancel_subscription-prorate."""
    sub = shop.subscribe()
    shop.advance(START + 15 * DAY + DAY // 2)
    ended = shop.stripe.subscriptions.cancel(
        sub.id, {"prorate": True, "invoice_now": True, "expand": ["latest_invoice"]}
    )
    assert invoice_of(ended).total == -500
    assert shop.stripe.customers.retrieve(shop.customer).balance == -500


def test_it_cannot_end_twice(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscriptions/cancel; how the second is refused is inferred."""
    sub = shop.subscribe()
    shop.stripe.subscriptions.cancel(sub.id)
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        shop.stripe.subscriptions.cancel(sub.id)
    assert (refusal.value.http_status, refusal.value.code) == (404, "resource_missing")


def test_it_ends_with_the_period_and_can_change_its_mind(shop: Shop) -> None:
    sub = shop.subscribe()
    planned = shop.update(sub, cancel_at_period_end=True)
    assert (planned.status, planned.cancel_at_period_end, planned.cancel_at) == ("active", True, PERIOD_END)
    assert planned.canceled_at == START
    back = shop.update(sub, cancel_at_period_end=False)
    assert (back.cancel_at_period_end, back.cancel_at, back.canceled_at) == (False, None, None)
    shop.update(sub, cancel_at_period_end=True)
    shop.advance(PERIOD_END + 2 * HOUR)
    ended = shop.fresh(sub)
    assert (ended.status, ended.ended_at, invoice_of(ended).id) == ("canceled", PERIOD_END, invoice_of(sub).id)


def test_it_tells_that_only_the_plan_changed(shop: Shop) -> None:
    shop.update(shop.subscribe(), cancel_at_period_end=True)
    changed = previous(shop.events("customer.subscription.updated")[-1])
    assert changed == {
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"reason": None},
    }


def test_it_ends_at_a_timestamp(shop: Shop) -> None:
    """`cancel_at` is invisible to code that reads only `cancel_at_period_end`."""
    sub = shop.subscribe()
    planned = shop.update(sub, cancel_at=PERIOD_END)
    assert (planned.cancel_at, planned.cancel_at_period_end) == (PERIOD_END, False)
    assert shop.update(sub, cancel_at="").cancel_at is None
    shop.update(sub, cancel_at=START + 5 * DAY)
    shop.advance(START + 6 * DAY)
    assert (shop.fresh(sub).status, shop.fresh(sub).ended_at) == ("canceled", START + 5 * DAY)


def test_it_needs_cancel_at_for_mixed_intervals(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/mixed-interval#cancel."""
    sub = shop.subscribe(shop.basic, shop.yearly)
    with pytest.raises(stripe.InvalidRequestError, match="min_period_end"):
        shop.update(sub, cancel_at_period_end=True)
    assert shop.update(sub, cancel_at="min_period_end").cancel_at == PERIOD_END
    assert shop.update(sub, cancel_at="max_period_end").cancel_at == START + 365 * DAY


def test_it_refuses_two_plans_at_once(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscriptions/update: the two exclude each other; the wording is inferred."""
    with pytest.raises(stripe.InvalidRequestError, match="only specify one"):
        shop.update(shop.subscribe(), cancel_at_period_end=True, cancel_at=PERIOD_END)


def test_it_ends_with_its_customer(shop: Shop) -> None:
    """https://docs.stripe.com/api/customers/delete."""
    sub = shop.subscribe()
    shop.stripe.customers.delete(shop.customer)
    assert shop.stripe.subscriptions.retrieve(sub.id).status == "canceled"
    assert len(shop.events("customer.subscription.deleted", "customer.deleted")) == 2


def test_it_credits_what_a_planned_end_cuts_off(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscriptions/update#update_subscription-cancel_at."""
    half = START + 15 * DAY + DAY // 2
    sub = shop.subscribe()
    cut = shop.update(sub, cancel_at=half)
    assert item_of(cut).current_period_end == half
    shop.advance(half + 2 * HOUR)
    ended = shop.fresh(sub)
    assert (ended.status, amounts(invoice_of(ended))) == ("canceled", [-500])
    assert shop.stripe.customers.retrieve(shop.customer).balance == -500


def test_it_debits_again_when_the_end_is_taken_back(shop: Shop) -> None:
    """Inferred from the credit of the test above: what was taken away comes back."""
    sub = shop.subscribe()
    shop.update(sub, cancel_at=START + 15 * DAY + DAY // 2)
    back = shop.update(sub, cancel_at="")
    assert item_of(back).current_period_end == PERIOD_END
    shop.advance(PERIOD_END + 2 * HOUR)
    assert amounts(invoice_of(shop.fresh(sub))) == [-500, 500, 1000]


def test_it_credits_the_longer_item_of_a_mixed_subscription(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/mixed-interval#cancel."""
    sub = shop.subscribe(shop.basic, shop.yearly)
    shop.update(sub, cancel_at="min_period_end")
    shop.advance(PERIOD_END + 2 * HOUR)
    assert invoice_of(shop.fresh(sub)).total == -9151
    other = shop.subscribe(shop.basic, shop.yearly)
    shop.update(other, cancel_at="min_period_end", proration_behavior="none")
    assert invoice_of(shop.fresh(other)).id == invoice_of(other).id


def test_it_bills_a_last_period_that_is_cut_short_in_part(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscriptions/update#update_subscription-cancel_at."""
    sub = shop.subscribe()
    shop.update(sub, cancel_at=PERIOD_END + 14 * DAY)
    shop.advance(PERIOD_END + 2 * HOUR)
    assert (invoice_of(shop.fresh(sub)).total, item_of(shop.fresh(sub)).current_period_end) == (
        500,
        PERIOD_END + 14 * DAY,
    )


def test_it_expires_an_incomplete_subscription_that_is_cancelled_or_voided(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses."""
    canceled, voided = (shop.subscribe(payment_behavior="default_incomplete") for _ in range(2))
    shop.stripe.subscriptions.cancel(canceled.id)
    shop.stripe.invoices.void_invoice(invoice_of(voided).id)
    for sub in (canceled, voided):
        ended = shop.fresh(sub)
        assert (ended.status, ended.ended_at, invoice_of(ended).status) == ("incomplete_expired", START, "void")
    assert not shop.events("customer.subscription.deleted")
