"""Discounts on subscriptions: https://docs.stripe.com/billing/subscriptions/coupons."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.sandbox.shop import DAY, HOUR, START, Shop, amounts, invoice_of, item_of


def coupon_of(shop: Shop, duration: str = "forever", **more: Any) -> str:
    """A coupon of a quarter off unless told otherwise."""
    value = {} if "amount_off" in more else {"percent_off": 25}
    return str(shop.stripe.coupons.create({"duration": duration, **value, **more}).id)  # type: ignore[typeddict-item]


def test_it_stacks_discounts_in_order(shop: Shop) -> None:
    fixed = coupon_of(shop, amount_off=100, currency="usd")
    sub = shop.subscribe(discounts=[{"coupon": coupon_of(shop)}, {"coupon": fixed}])
    invoice = invoice_of(sub)
    assert (invoice.subtotal, invoice.total) == (1000, 650)
    assert [each.amount for each in invoice.total_discount_amounts or []] == [250, 100]


def test_it_lists_ids_and_expands_to_the_coupon(shop: Shop) -> None:
    """https://docs.stripe.com/changelog/clover/2025-09-30: the coupon moved to `source`."""
    coupon = coupon_of(shop)
    sub = shop.subscribe(discounts=[{"coupon": coupon}])
    assert [type(each) for each in sub.discounts] == [str]
    expanded = shop.stripe.subscriptions.retrieve(sub.id, {"expand": ["discounts.source.coupon"]})
    discount = expanded.discounts[0]
    assert isinstance(discount, stripe.Discount)
    assert isinstance(discount.source.coupon, stripe.Coupon)
    assert (discount.source.coupon.id, discount.subscription) == (coupon, sub.id)


def test_it_applies_a_coupon_once(shop: Shop) -> None:
    sub = shop.subscribe(discounts=[{"coupon": coupon_of(shop, "once")}])
    assert invoice_of(sub).total == 750
    shop.advance(START + 31 * DAY + 2 * HOUR)
    renewed = shop.fresh(sub)
    assert (invoice_of(renewed).total, renewed.discounts) == (1000, [])


def test_it_repeats_a_coupon_for_its_months(shop: Shop) -> None:
    sub = shop.subscribe(discounts=[{"coupon": coupon_of(shop, "repeating", duration_in_months=2)}])
    totals = [invoice_of(sub).total]
    for days in (31, 59):
        shop.advance(START + days * DAY + 2 * HOUR)
        totals.append(invoice_of(shop.fresh(sub)).total)
    assert totals == [750, 750, 1000]
    assert shop.fresh(sub).discounts == []
    assert len(shop.events("customer.discount.deleted")) == 1


def test_it_overwrites_with_a_list_and_clears_with_an_empty_string(shop: Shop) -> None:
    sub = shop.subscribe(discounts=[{"coupon": coupon_of(shop)}])
    untouched = shop.update(sub, metadata={"a": "b"})
    assert untouched.discounts == sub.discounts
    replaced = shop.update(sub, discounts=[{"coupon": coupon_of(shop, percent_off=10)}])
    assert len(replaced.discounts) == 1
    assert replaced.discounts != sub.discounts
    assert shop.update(sub, discounts="").discounts == []
    assert len(shop.events("customer.discount.deleted")) == 2


def test_it_appends_by_naming_the_live_discount(shop: Shop) -> None:
    first = coupon_of(shop)
    sub = shop.subscribe(discounts=[{"coupon": first}])
    kept = sub.discounts[0]
    both = shop.update(sub, discounts=[{"discount": kept}, {"coupon": coupon_of(shop, percent_off=10)}])
    assert both.discounts[0] == kept
    assert len(both.discounts) == 2
    assert shop.stripe.coupons.retrieve(first).times_redeemed == 1


def test_it_mints_anew_when_the_same_coupon_is_sent_again(shop: Shop) -> None:
    """The duration restarts and another redemption is used up."""
    coupon = coupon_of(shop, "repeating", duration_in_months=3)
    sub = shop.subscribe(discounts=[{"coupon": coupon}])
    again = shop.update(sub, discounts=[{"coupon": coupon}])
    assert again.discounts != sub.discounts
    assert shop.stripe.coupons.retrieve(coupon).times_redeemed == 2
    with pytest.raises(stripe.InvalidRequestError, match="No such discount"):
        shop.update(sub, discounts=[{"discount": sub.discounts[0]}])


def test_it_refuses_spent_expired_and_foreign_coupons(shop: Shop) -> None:
    """https://docs.stripe.com/error-codes#coupon-expired."""
    spent = coupon_of(shop, max_redemptions=1)
    shop.subscribe(discounts=[{"coupon": spent}])
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        shop.subscribe(discounts=[{"coupon": spent}])
    assert refusal.value.code == "coupon_expired"
    euros = coupon_of(shop, amount_off=100, currency="eur")
    with pytest.raises(stripe.InvalidRequestError, match="eur"):
        shop.subscribe(discounts=[{"coupon": euros}])
    with pytest.raises(stripe.InvalidRequestError, match="No such coupon"):
        shop.subscribe(discounts=[{"coupon": "nope"}])


def promotion_of(shop: Shop, coupon: str, **more: Any) -> str:
    """A promotion code of a coupon."""
    promotion: Any = {"promotion": {"type": "coupon", "coupon": coupon}, **more}
    return str(shop.stripe.promotion_codes.create(promotion).id)


def test_it_redeems_promotion_codes(shop: Shop) -> None:
    coupon = coupon_of(shop)
    code = promotion_of(shop, coupon)
    sub = shop.subscribe(discounts=[{"promotion_code": code}], expand=["discounts", "latest_invoice"])
    discount = sub.discounts[0]
    assert isinstance(discount, stripe.Discount)
    assert (discount.promotion_code, invoice_of(sub).total) == (code, 750)
    assert shop.stripe.promotion_codes.retrieve(code).times_redeemed == 1
    assert shop.stripe.coupons.retrieve(coupon).times_redeemed == 1


def test_it_honours_the_restrictions_of_promotion_codes(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/coupons#promotion-codes."""
    coupon = coupon_of(shop)
    first = promotion_of(shop, coupon, restrictions={"first_time_transaction": True})
    minimum = {"minimum_amount": 1500, "minimum_amount_currency": "usd"}
    large = promotion_of(shop, coupon, restrictions=minimum)
    theirs = promotion_of(shop, coupon, customer=shop.new_customer())
    off = promotion_of(shop, coupon, active=False)
    sub = shop.subscribe(discounts=[{"promotion_code": first}])
    for refused in (first, large, theirs, off):
        with pytest.raises(stripe.InvalidRequestError, match="promotion code"):
            shop.update(sub, discounts=[{"promotion_code": refused}])
    shop.subscribe(shop.premium, discounts=[{"promotion_code": large}])


def test_it_limits_a_coupon_to_its_products(shop: Shop) -> None:
    other = shop.stripe.products.create({"name": "Silver"}).id
    coupon = coupon_of(shop, applies_to={"products": [other]})
    silver = shop.price(400, product=other)
    assert invoice_of(shop.subscribe(shop.basic, silver, discounts=[{"coupon": coupon}])).total == 1300


def test_it_discounts_one_item_only(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/discounts#subscription-items."""
    items = [{"price": shop.basic}, {"price": shop.premium, "discounts": [{"coupon": coupon_of(shop)}]}]
    sub = shop.subscribe(items=items)
    assert invoice_of(sub).total == 2500
    assert (sub.discounts, len(item_of(sub, 1).discounts)) == ([], 1)


def test_it_prorates_net_of_discounts(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/prorations#prorations-and-discounts."""
    sub = shop.subscribe(discounts=[{"coupon": coupon_of(shop, percent_off=50)}])
    shop.advance(START + 15 * DAY + DAY // 2)
    invoice = invoice_of(shop.switch(sub, shop.premium, proration_behavior="always_invoice"))
    assert (amounts(invoice), invoice.total) == ([-250, 500], 250)


def test_it_goes_on_discounting_after_the_coupon_was_deleted(shop: Shop) -> None:
    """https://docs.stripe.com/api/coupons/delete."""
    coupon = coupon_of(shop)
    sub = shop.subscribe(discounts=[{"coupon": coupon}])
    shop.stripe.coupons.delete(coupon)
    expanded = shop.stripe.subscriptions.retrieve(sub.id, {"expand": ["discounts.source.coupon"]}).discounts[0]
    assert isinstance(expanded, stripe.Discount)
    assert isinstance(expanded.source.coupon, stripe.Coupon)
    assert expanded.source.coupon.percent_off == 25
    shop.advance(START + 31 * DAY + 2 * HOUR)
    assert invoice_of(shop.fresh(sub)).total == 750


def test_it_deletes_the_discount_of_a_subscription(shop: Shop) -> None:
    """https://docs.stripe.com/api/discounts/subscription_delete."""
    sub = shop.subscribe(discounts=[{"coupon": coupon_of(shop)}])
    assert shop.stripe.subscriptions.delete_discount(sub.id).deleted
    assert shop.fresh(sub).discounts == []


def test_it_reduces_one_off_items_too(shop: Shop) -> None:
    """A discount of the subscription reduces its whole invoice."""
    fee = shop.stripe.prices.create({"product": shop.product, "currency": "usd", "unit_amount": 400}).id
    fixed = coupon_of(shop, amount_off=1100, currency="usd")
    for coupon, total in ((coupon_of(shop), 1050), (fixed, 300)):
        sub = shop.subscribe(discounts=[{"coupon": coupon}], add_invoice_items=[{"price": fee}])
        assert invoice_of(sub).total == total
    kept = shop.subscribe(discounts=[{"coupon": fixed}], add_invoice_items=[{"price": fee, "discountable": False}])
    assert invoice_of(kept).total == 400
