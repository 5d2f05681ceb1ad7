"""Changing plans, prorations, billing cycles: https://docs.stripe.com/api/subscriptions/update."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox.shop import DAY, START, Shop, amounts, invoice_of, item_of, previous

HALF = START + 15 * DAY + DAY // 2


def test_it_defers_prorations_to_the_next_invoice_by_default(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/prorations."""
    sub = shop.subscribe()
    shop.advance(HALF)
    switched = shop.switch(sub, shop.premium)
    assert switched.latest_invoice.id == invoice_of(sub).id
    assert item_of(switched).id == item_of(sub).id
    shop.advance(START + 32 * DAY)
    assert amounts(invoice_of(shop.fresh(sub))) == [-500, 1000, 2000]


def test_it_invoices_prorations_at_once_when_asked(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscriptions/update#update_subscription-proration_behavior."""
    sub = shop.subscribe()
    shop.advance(HALF)
    invoice = invoice_of(shop.switch(sub, shop.premium, proration_behavior="always_invoice"))
    assert (amounts(invoice), invoice.status, invoice.billing_reason) == (
        [-500, 1000],
        "paid",
        "subscription_update",
    )
    details = [line.parent.subscription_item_details for line in invoice.lines.data if line.parent]
    assert all(each is not None and each.proration for each in details)


def test_it_forgets_the_difference_without_prorations(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscriptions/update#update_subscription-proration_behavior."""
    sub = shop.subscribe()
    shop.advance(HALF)
    shop.switch(sub, shop.premium, proration_behavior="none")
    shop.advance(START + 32 * DAY)
    assert amounts(invoice_of(shop.fresh(sub))) == [2000]


def test_it_prorates_at_the_given_moment(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/prorations#preview-proration."""
    sub = shop.subscribe()
    shop.advance(HALF)
    whole = {"proration_behavior": "always_invoice", "proration_date": START}
    assert amounts(invoice_of(shop.switch(sub, shop.premium, **whole))) == [-1000, 2000]
    with pytest.raises(stripe.InvalidRequestError, match="proration_date"):
        shop.switch(sub, shop.basic, proration_date=START - 1)


def test_it_keeps_the_credit_of_a_downgrade_as_balance(shop: Shop) -> None:
    """https://docs.stripe.com/billing/customer/balance: never a refund."""
    sub = shop.subscribe(shop.premium)
    shop.advance(HALF)
    invoice = invoice_of(shop.switch(sub, shop.basic, proration_behavior="always_invoice"))
    assert (invoice.total, invoice.amount_due, invoice.status) == (-500, 0, "paid")
    assert shop.stripe.customers.retrieve(shop.customer).balance == -500
    shop.advance(START + 32 * DAY)
    renewal = invoice_of(shop.fresh(sub))
    assert (renewal.total, renewal.amount_due, renewal.amount_paid) == (1000, 500, 500)
    assert shop.stripe.customers.retrieve(shop.customer).balance == 0


def test_it_credits_what_was_debited_in_flexible_mode_and_the_price_in_classic(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/billing-mode/compare#credit-proration-calculations."""
    coupon = shop.stripe.coupons.create({"percent_off": 50, "duration": "once"}).id
    flexible = shop.subscribe(discounts=[{"coupon": coupon}])
    classic = shop.subscribe(discounts=[{"coupon": coupon}], billing_mode={"type": "classic"})
    shop.advance(HALF)
    now = {"proration_behavior": "always_invoice"}
    assert amounts(invoice_of(shop.switch(flexible, shop.premium, **now))) == [-250, 1000]
    assert amounts(invoice_of(shop.switch(classic, shop.premium, **now))) == [-500, 1000]


def test_it_itemizes_discounts_of_prorations_when_asked(shop: Shop) -> None:
    """https://docs.stripe.com/changelog/clover/2025-09-30/itemize-proration-discount-amounts."""
    coupon = shop.stripe.coupons.create({"percent_off": 50, "duration": "forever"}).id
    shown = {}
    for mode in ("included", "itemized"):
        billing_mode = {"type": "flexible", "flexible": {"proration_discounts": mode}}
        sub = shop.subscribe(discounts=[{"coupon": coupon}], billing_mode=billing_mode)
        shown[mode] = shop.preview(
            sub,
            items=[{"id": item_of(sub).id, "price": shop.premium}],
            proration_behavior="always_invoice",
        )
    assert (amounts(shown["included"]), shown["included"].total) == ([-500, 1000], 500)
    assert (amounts(shown["itemized"]), shown["itemized"].total) == ([-1000, 2000], 500)


def test_it_bills_both_prices_without_the_item_id(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/change-price: name the item that changes."""
    sub = shop.update(shop.subscribe(), items=[{"price": shop.premium}])
    assert [item.price.id for item in sub["items"].data] == [shop.basic, shop.premium]


def test_it_resets_the_quantity_when_a_new_price_comes_without_one(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/quantities."""
    sub = shop.subscribe(items=[{"price": shop.basic, "quantity": 5}])
    assert item_of(shop.switch(sub, shop.premium)).quantity == 1


def test_it_keeps_the_quantity_when_something_else_changes(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscriptions/update#update_subscription-items-quantity."""
    sub = shop.subscribe(items=[{"price": shop.basic, "quantity": 5}])
    changed = shop.update(sub, items=[{"id": item_of(sub).id, "metadata": {"seat": "all"}}])
    assert (item_of(changed).quantity, item_of(changed).metadata["seat"]) == (5, "all")


def test_it_prorates_a_change_of_quantity(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/quantities."""
    sub = shop.subscribe()
    shop.advance(HALF)
    more = [{"id": item_of(sub).id, "quantity": 3}]
    changed = shop.update(sub, items=more, proration_behavior="always_invoice")
    assert amounts(invoice_of(changed)) == [-500, 1500]


def test_it_starts_a_new_cycle_when_the_interval_changes(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/change-price: billed at once, whatever the proration."""
    sub = shop.subscribe()
    shop.advance(HALF)
    yearly = shop.switch(sub, shop.yearly)
    assert (yearly.billing_cycle_anchor, item_of(yearly).current_period_end) == (HALF, HALF + 365 * DAY)
    assert amounts(invoice_of(yearly)) == [-500, 10000]


def test_it_bills_a_new_interval_in_full_without_prorations(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/change-price."""
    sub = shop.subscribe()
    shop.advance(HALF)
    assert amounts(invoice_of(shop.switch(sub, shop.yearly, proration_behavior="none"))) == [10000]


def test_it_starts_a_new_cycle_from_free_to_paid(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/prorations: the billing date moves."""
    sub = shop.subscribe(shop.price(0))
    shop.advance(HALF)
    paid = shop.switch(sub, shop.basic)
    assert paid.billing_cycle_anchor == HALF
    assert invoice_of(paid).amount_paid == 1000


def test_it_resets_the_anchor_when_asked(shop: Shop) -> None:
    """https://docs.stripe.com/changelog/endive: `billing_cycle_anchor` is a hash in updates."""
    sub = shop.subscribe()
    shop.advance(HALF)
    moved = shop.update(sub, billing_cycle_anchor={"type": "now"})
    assert (moved.billing_cycle_anchor, amounts(invoice_of(moved))) == (HALF, [-500, 1000])
    kept = shop.update(sub, billing_cycle_anchor={"type": "unchanged"})
    assert kept.billing_cycle_anchor == HALF


def test_it_removes_items_but_never_the_last(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscription_items/delete; that the last one stays is inferred."""
    sub = shop.subscribe(shop.basic, shop.premium)
    first, second = (item.id for item in sub["items"].data)
    left = shop.update(sub, items=[{"id": first, "deleted": True}])
    assert [item.id for item in left["items"].data] == [second]
    with pytest.raises(stripe.InvalidRequestError, match="at least one active plan"):
        shop.update(sub, items=[{"id": second, "deleted": True}])
    with pytest.raises(stripe.InvalidRequestError, match="No such subscription_item"):
        shop.stripe.subscription_items.retrieve(first)


def test_it_refuses_another_currency(shop: Shop) -> None:
    """https://docs.stripe.com/billing/customer#currencies: one currency at a time."""
    sub = shop.subscribe()
    with pytest.raises(stripe.InvalidRequestError, match="doesn't match the expected currency"):
        shop.switch(sub, shop.price(900, currency="eur"))


def test_it_tells_what_a_switch_changed(shop: Shop) -> None:
    """https://docs.stripe.com/api/events/object#event_object-data-previous_attributes."""
    sub = shop.subscribe()
    shop.switch(sub, shop.premium)
    event = shop.events("customer.subscription.updated")[-1]
    assert previous(event)["items"]["data"][0]["price"]["id"] == shop.basic
    assert event.data.object["items"]["data"][0]["price"]["id"] == shop.premium


def test_it_stays_silent_when_nothing_changes(shop: Shop) -> None:
    """Inferred: an update event without `previous_attributes` would say nothing."""
    sub = shop.subscribe()
    before = len(shop.events("customer.subscription.updated"))
    shop.update(sub, cancel_at_period_end=False)
    assert len(shop.events("customer.subscription.updated")) == before


def test_it_lets_an_ended_subscription_change_its_notes_only(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscriptions/update."""
    sub = shop.subscribe()
    shop.stripe.subscriptions.cancel(sub.id)
    assert shop.update(sub, metadata={"note": "gone"}).metadata["note"] == "gone"
    with pytest.raises(stripe.InvalidRequestError, match="canceled subscription"):
        shop.switch(sub, shop.premium)


def test_it_works_by_item_too(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscription_items."""
    sub = shop.subscribe()
    items = shop.stripe.subscription_items
    added = items.create({"subscription": sub.id, "price": shop.premium, "quantity": 2})
    assert items.update(added.id, {"quantity": 3}).quantity == 3
    assert items.delete(added.id).deleted
    assert [item.id for item in items.list({"subscription": sub.id}).data] == [item_of(sub).id]
