"""Failing payments: the four payment behaviours, incomplete subscriptions, pending updates, 3-D Secure.

https://docs.stripe.com/billing/subscriptions/pending-updates, https://docs.stripe.com/testing
"""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox.shop import HOUR, START, Shop, invoice_of, item_of

FAILS = "pm_card_chargeCustomerFail"
ASKS = "pm_card_authenticationRequired"


def test_it_leaves_a_declined_first_payment_incomplete(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses."""
    shop.pay_with(FAILS)
    sub = shop.subscribe()
    assert (sub.status, invoice_of(sub).status, invoice_of(sub).attempted) == ("incomplete", "open", True)
    assert shop.events("invoice.payment_failed")


def test_it_expires_an_incomplete_subscription_after_23_hours(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses: 23 hours."""
    shop.pay_with(FAILS)
    sub = shop.subscribe()
    shop.advance(START + 24 * HOUR)
    expired = shop.fresh(sub)
    assert (expired.status, invoice_of(expired).status) == ("incomplete_expired", "void")
    assert expired.ended_at == START + 23 * HOUR


def test_it_activates_when_the_first_invoice_is_paid(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses."""
    sub = shop.subscribe(payment_behavior="default_incomplete")
    assert (sub.status, invoice_of(sub).attempted) == ("incomplete", False)
    shop.stripe.invoices.pay(invoice_of(sub).id)
    assert shop.fresh(sub).status == "active"


def test_it_needs_no_payment_method_for_default_incomplete(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscriptions/create#create_subscription-payment_behavior."""
    sub = shop.subscribe(customer=shop.new_customer(), payment_behavior="default_incomplete")
    assert sub.status == "incomplete"


def test_it_creates_nothing_when_told_to_fail(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscriptions/create#create_subscription-payment_behavior."""
    shop.pay_with(FAILS)
    with pytest.raises(stripe.CardError) as refusal:
        shop.subscribe(payment_behavior="error_if_incomplete")
    assert (refusal.value.http_status, refusal.value.code) == (402, "card_declined")
    assert shop.stripe.subscriptions.list({"customer": shop.customer, "status": "all"}).data == []
    assert shop.stripe.invoices.list({"customer": shop.customer}).data == []


def test_it_changes_nothing_when_told_to_fail(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscriptions/update#update_subscription-payment_behavior."""
    coupon = shop.stripe.coupons.create({"percent_off": 10, "duration": "once"}).id
    sub = shop.subscribe()
    shop.pay_with(FAILS)
    before = shop.fresh(sub).to_dict()
    events = len(shop.stripe.events.list({"limit": 100}).data)
    with pytest.raises(stripe.CardError) as refusal:
        shop.switch(
            sub,
            shop.yearly,
            payment_behavior="error_if_incomplete",
            discounts=[{"coupon": coupon}],
            metadata={"tried": "yes"},
        )
    assert refusal.value.error is not None
    assert refusal.value.error.decline_code == "generic_decline"
    assert shop.fresh(sub).to_dict() == before
    assert len(shop.stripe.events.list({"limit": 100}).data) == events
    assert shop.stripe.coupons.retrieve(coupon).times_redeemed == 0


def test_it_keeps_the_change_and_owes_it_by_default(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscriptions/update#update_subscription-payment_behavior."""
    sub = shop.subscribe()
    shop.pay_with(FAILS)
    changed = shop.switch(sub, shop.yearly)
    assert (changed.status, item_of(changed).price.id) == ("past_due", shop.yearly)
    assert shop.stripe.customers.retrieve(shop.customer).delinquent
    shop.pay_with("pm_card_visa")
    shop.stripe.invoices.pay(invoice_of(changed).id)
    assert shop.fresh(sub).status == "active"
    assert not shop.stripe.customers.retrieve(shop.customer).delinquent


def test_it_waits_for_a_confirmation_with_default_incomplete(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscriptions/update#update_subscription-payment_behavior."""
    sub = shop.subscribe()
    changed = shop.switch(sub, shop.yearly, payment_behavior="default_incomplete")
    assert (changed.status, invoice_of(changed).attempted) == ("past_due", False)


def test_it_holds_an_update_until_it_is_paid(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/pending-updates."""
    sub = shop.subscribe()
    shop.pay_with(FAILS)
    held = shop.switch(sub, shop.yearly, payment_behavior="pending_if_incomplete")
    assert (held.status, item_of(held).price.id) == ("active", shop.basic)
    assert held.pending_update is not None
    assert held.pending_update.subscription_items is not None
    assert held.pending_update.subscription_items[0].price.id == shop.yearly
    assert held.pending_update.expires_at <= START + 23 * HOUR
    shop.pay_with("pm_card_visa")
    shop.stripe.invoices.pay(invoice_of(held).id)
    applied = shop.fresh(sub)
    assert (applied.pending_update, item_of(applied).price.id) == (None, shop.yearly)
    assert shop.events("customer.subscription.pending_update_applied")


def test_it_drops_a_pending_update_after_23_hours(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/pending-updates: 23 hours at most."""
    sub = shop.subscribe()
    shop.pay_with(FAILS)
    held = shop.switch(sub, shop.yearly, payment_behavior="pending_if_incomplete")
    shop.advance(START + 24 * HOUR)
    assert shop.fresh(sub).pending_update is None
    assert shop.stripe.invoices.retrieve(invoice_of(held).id).status == "void"
    assert shop.events("customer.subscription.pending_update_expired")


def test_it_applies_a_pending_update_at_once_when_the_payment_succeeds(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/pending-updates."""
    sub = shop.subscribe()
    changed = shop.switch(sub, shop.yearly, payment_behavior="pending_if_incomplete")
    assert (changed.pending_update, item_of(changed).price.id) == (None, shop.yearly)


def test_it_refuses_what_a_pending_update_cannot_carry(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/pending-updates-reference."""
    sub = shop.subscribe()
    with pytest.raises(stripe.InvalidRequestError, match="cancel_at_period_end"):
        shop.update(sub, cancel_at_period_end=True, payment_behavior="pending_if_incomplete")
    sent = shop.subscribe(shop.premium, collection_method="send_invoice", days_until_due=5)
    with pytest.raises(stripe.InvalidRequestError, match="charge_automatically"):
        shop.switch(sent, shop.yearly, payment_behavior="pending_if_incomplete")
    with pytest.raises(stripe.InvalidRequestError, match="only supported when updating"):
        shop.subscribe(payment_behavior="pending_if_incomplete")


def test_it_asks_for_3d_secure(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/overview#requires-action."""
    shop.pay_with(ASKS)
    sub = shop.subscribe(expand=["latest_invoice.confirmation_secret"])
    assert sub.status == "incomplete"
    invoice = invoice_of(sub)
    assert invoice.confirmation_secret is not None
    assert invoice.hosted_invoice_url is not None
    assert shop.events("invoice.payment_action_required")
    with pytest.raises(stripe.CardError) as refusal:
        shop.stripe.invoices.pay(invoice.id)
    assert refusal.value.code == "invoice_payment_intent_requires_action"


def test_it_fails_an_update_that_needs_3d_secure(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscriptions/update#update_subscription-payment_behavior."""
    sub = shop.subscribe()
    shop.pay_with(ASKS)
    with pytest.raises(stripe.CardError) as refusal:
        shop.switch(sub, shop.yearly, payment_behavior="error_if_incomplete")
    assert refusal.value.code == "subscription_payment_intent_requires_action"
    assert item_of(shop.fresh(sub)).price.id == shop.basic


def test_it_holds_an_inline_price_too(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/pending-updates-reference."""
    sub = shop.subscribe()
    shop.pay_with(FAILS)
    data = {"currency": "usd", "product": shop.product, "recurring": {"interval": "year"}, "unit_amount": 9999}
    items = [{"id": item_of(sub).id, "price_data": data}]
    held = shop.update(sub, items=items, payment_behavior="pending_if_incomplete")
    assert held.pending_update is not None
    assert held.pending_update.subscription_items is not None
    assert held.pending_update.subscription_items[0].price.unit_amount == 9999
    shop.stripe.invoices.void_invoice(invoice_of(held).id)
    assert shop.fresh(sub).pending_update is None


@pytest.mark.parametrize(("succeeded", "status"), [(True, "active"), (False, "incomplete")])
def test_it_continues_after_3d_secure(shop: Shop, succeeded: bool, status: str) -> None:
    """https://docs.stripe.com/billing/subscriptions/overview#requires-action."""
    shop.pay_with(ASKS)
    sub = shop.subscribe()
    path = f"invoices/{shop.account.id}/{invoice_of(sub).id}/confirm"
    shop.account.sandbox.admin("POST", path, succeeded=succeeded)
    assert shop.fresh(sub).status == status


def test_it_keeps_a_pending_update_through_a_failing_change(shop: Shop) -> None:
    """402 changes nothing, a pending update included."""
    sub = shop.subscribe()
    shop.pay_with(FAILS)
    held = shop.switch(sub, shop.yearly, payment_behavior="pending_if_incomplete")
    with pytest.raises(stripe.CardError):
        shop.switch(sub, shop.price(50_000, interval="year"), payment_behavior="error_if_incomplete")
    assert shop.fresh(sub).to_dict() == held.to_dict()


def test_it_replaces_a_pending_update_by_the_next_change(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/pending-updates."""
    sub = shop.subscribe()
    shop.pay_with(FAILS)
    held = shop.switch(sub, shop.yearly, payment_behavior="pending_if_incomplete")
    assert shop.update(sub, metadata={"a": "b"}).pending_update is not None
    assert shop.switch(sub, shop.premium).pending_update is None
    assert shop.stripe.invoices.retrieve(invoice_of(held).id).status == "void"


def test_it_applies_a_pending_update_beside_later_settings(shop: Shop) -> None:
    """Inferred from https://docs.stripe.com/billing/subscriptions/pending-updates: only what it names changes."""
    sub = shop.subscribe()
    shop.pay_with(FAILS)
    held = shop.switch(sub, shop.yearly, payment_behavior="pending_if_incomplete")
    card = shop.stripe.payment_methods.attach("pm_card_visa", {"customer": shop.customer}).id
    shop.update(sub, default_payment_method=card, metadata={"kept": "yes"})
    shop.stripe.invoices.pay(invoice_of(held).id)
    applied = shop.fresh(sub)
    assert (applied.default_payment_method, applied.metadata["kept"]) == (card, "yes")
    assert item_of(applied).price.id == shop.yearly
