"""Invoices and previews: https://docs.stripe.com/api/invoices."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox.shop import DAY, HOUR, START, Shop, amounts, invoice_of, item_of

HALF = START + 15 * DAY + DAY // 2


def test_it_lists_by_subscription_and_status(shop: Shop) -> None:
    sub = shop.subscribe()
    shop.subscribe(shop.premium, payment_behavior="default_incomplete")
    invoices = shop.stripe.invoices
    assert [each.id for each in invoices.list({"subscription": sub.id}).data] == [invoice_of(sub).id]
    assert [each.total for each in invoices.list({"status": "open"}).data] == [2000]
    assert len(invoices.list({"customer": shop.customer}).data) == 2


def test_it_pays_with_another_card(shop: Shop) -> None:
    """https://docs.stripe.com/api/invoices/pay."""
    shop.pay_with("pm_card_chargeCustomerFail")
    sub = shop.subscribe()
    good = shop.stripe.payment_methods.attach("pm_card_visa", {"customer": shop.customer}).id
    with pytest.raises(stripe.CardError) as refusal:
        shop.stripe.invoices.pay(invoice_of(sub).id)
    assert refusal.value.code == "card_declined"
    paid = shop.stripe.invoices.pay(invoice_of(sub).id, {"payment_method": good})
    assert (paid.status, paid.amount_remaining) == ("paid", 0)
    with pytest.raises(stripe.InvalidRequestError, match="already paid"):
        shop.stripe.invoices.pay(invoice_of(sub).id)


def test_it_records_money_that_came_another_way(shop: Shop) -> None:
    """https://docs.stripe.com/api/invoices/pay#pay_invoice-paid_out_of_band."""
    sub = shop.subscribe(payment_behavior="default_incomplete")
    paid = shop.stripe.invoices.pay(invoice_of(sub).id, {"paid_out_of_band": True})
    assert (paid.status, paid.amount_paid_off_stripe) == ("paid", 1000)


def test_it_voids_open_invoices_only(shop: Shop) -> None:
    """https://docs.stripe.com/invoicing/integration/workflow-transitions."""
    paid, unpaid = shop.subscribe(), shop.subscribe(shop.premium, payment_behavior="default_incomplete")
    voided = shop.stripe.invoices.void_invoice(invoice_of(unpaid).id)
    assert voided.status == "void"
    with pytest.raises(stripe.InvalidRequestError, match="isn't open"):
        shop.stripe.invoices.void_invoice(invoice_of(paid).id)


def test_it_finalizes_a_draft_before_its_hour(shop: Shop) -> None:
    """https://docs.stripe.com/api/invoices/finalize."""
    sub = shop.subscribe()
    shop.advance(START + 31 * DAY)
    draft = invoice_of(shop.fresh(sub))
    assert shop.stripe.invoices.finalize_invoice(draft.id).status == "open"
    assert shop.stripe.invoices.pay(draft.id).status == "paid"


def test_it_previews_the_renewal(shop: Shop) -> None:
    """https://docs.stripe.com/api/invoices/create_preview."""
    sub = shop.subscribe()
    preview = shop.preview(sub)
    assert (preview.id.startswith("upcoming_in_"), preview.total, preview.status) == (True, 1000, "draft")
    assert preview.created == START + 31 * DAY


def test_it_previews_exactly_what_a_switch_then_bills(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/prorations#preview-proration."""
    sub = shop.subscribe()
    shop.advance(HALF)
    change = {
        "items": [{"id": item_of(sub).id, "price": shop.premium}],
        "proration_behavior": "always_invoice",
        "proration_date": HALF - 77,
    }
    preview = shop.preview(sub, **change)
    assert item_of(shop.fresh(sub)).price.id == shop.basic
    assert amounts(invoice_of(shop.update(sub, **change))) == amounts(preview)


def test_it_previews_deferred_prorations_with_the_renewal(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/prorations: pending ones join the next invoice."""
    sub = shop.subscribe()
    shop.advance(HALF)
    preview = shop.preview(sub, items=[{"id": item_of(sub).id, "price": shop.premium}])
    assert amounts(preview) == [-500, 1000, 2000]


def test_it_leaves_no_trace(shop: Shop) -> None:
    """https://docs.stripe.com/api/invoices/create_preview: nothing is created or charged."""
    sub = shop.subscribe()
    before = [event.id for event in shop.stripe.events.list({"limit": 100}).data]
    coupon = shop.stripe.coupons.create({"percent_off": 10, "duration": "once"}).id
    data = {
        "currency": "usd",
        "product": shop.product,
        "recurring": {"interval": "month"},
        "unit_amount": 5,
    }
    shop.stripe.invoices.create_preview(
        {
            "subscription": sub.id,
            "discounts": [{"coupon": coupon}],
            "subscription_details": {"items": [{"price_data": data}], "trial_end": START + DAY},  # type: ignore[typeddict-item]
        }
    )
    events = [event.id for event in shop.stripe.events.list({"limit": 100}).data]
    assert events[1:] == before
    assert shop.stripe.coupons.retrieve(coupon).times_redeemed == 0
    assert len(shop.stripe.invoices.list().data) == 1


def test_it_previews_an_end_now_with_its_credit(shop: Shop) -> None:
    """https://docs.stripe.com/api/invoices/create_preview."""
    sub = shop.subscribe()
    shop.advance(HALF)
    assert shop.preview(sub, cancel_now=True).total == -500


def test_it_previews_a_new_subscription_for_somebody_without_a_card(shop: Shop) -> None:
    """https://docs.stripe.com/api/invoices/create_preview."""
    preview = shop.stripe.invoices.create_preview(
        {"customer": shop.new_customer(), "subscription_details": {"items": [{"price": shop.yearly}]}}
    )
    assert preview.total == 10000


def test_it_previews_a_pause_and_a_resumption(shop: Shop) -> None:
    """https://docs.stripe.com/api/invoices/create_preview."""
    sub = shop.subscribe()
    shop.advance(HALF)
    assert shop.preview(sub, pause={"invoicing_behavior": "invoice"}).total == -500
    shop.stripe.subscriptions.pause(sub.id)
    assert shop.preview(sub, resume_at="now").total == 500


def test_it_has_nothing_to_preview_for_an_end(shop: Shop) -> None:
    """https://docs.stripe.com/error-codes#invoice-upcoming-none."""
    sub = shop.update(shop.subscribe(), cancel_at_period_end=True)
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        shop.preview(sub)
    assert (refusal.value.http_status, refusal.value.code) == (404, "invoice_upcoming_none")


def test_it_uses_the_credit_balance_in_a_preview(shop: Shop) -> None:
    """https://docs.stripe.com/billing/customer/balance."""
    sub = shop.subscribe(shop.premium)
    shop.advance(HALF)
    shop.switch(sub, shop.basic, proration_behavior="always_invoice")
    preview = shop.preview(sub)
    assert (preview.total, preview.amount_due, preview.starting_balance) == (1000, 500, -500)


def test_it_shows_how_a_renewal_was_retried(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/overview#requires-action."""
    sub = shop.subscribe()
    shop.pay_with("pm_card_authenticationRequired")
    shop.advance(START + 31 * DAY + 2 * HOUR)
    invoice = invoice_of(shop.fresh(sub))
    assert (shop.fresh(sub).status, invoice.status, invoice.attempt_count) == ("past_due", "open", 1)
    assert shop.events("invoice.payment_action_required")


def test_it_pages_through_lines_and_items(shop: Shop) -> None:
    """https://docs.stripe.com/api/invoices/object#invoice_object-lines: nested lists stop at ten."""
    sub = shop.subscribe(*[shop.price(100 + place) for place in range(12)])
    invoice = invoice_of(sub)
    assert (len(invoice.lines.data), invoice.lines.has_more) == (10, True)
    lines = shop.stripe.invoices.line_items.list(invoice.id, {"limit": 5})
    assert [line.amount for line in lines.auto_paging_iter()] == list(range(100, 112))
    items = shop.stripe.subscription_items.list({"subscription": sub.id, "limit": 5})
    assert [item.price.unit_amount for item in items.auto_paging_iter()] == list(range(100, 112))


def test_it_gives_the_balance_back_when_an_invoice_is_void(shop: Shop) -> None:
    """https://docs.stripe.com/billing/customer/balance."""
    shop.stripe.customers.update(shop.customer, {"balance": -300})
    sub = shop.subscribe(payment_behavior="default_incomplete")
    assert (invoice_of(sub).amount_due, shop.stripe.customers.retrieve(shop.customer).balance) == (700, 0)
    shop.stripe.invoices.void_invoice(invoice_of(sub).id)
    assert shop.stripe.customers.retrieve(shop.customer).balance == -300
