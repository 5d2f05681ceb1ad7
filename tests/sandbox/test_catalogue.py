"""Products and prices: https://docs.stripe.com/api/products and https://docs.stripe.com/api/prices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import stripe

from tests.sandbox_process import StripeAccount


def test_it_makes_a_product_with_its_default_price(stripe_account: StripeAccount) -> None:
    v1 = stripe_account.client.v1
    product = v1.products.create(
        {
            "name": "Gold",
            "default_price_data": {
                "currency": "usd",
                "unit_amount": 1500,
                "recurring": {"interval": "month"},
            },
            "expand": ["default_price"],
        }
    )
    price = product.default_price
    assert not isinstance(price, str)
    assert price is not None
    assert price.unit_amount == 1500
    assert price.unit_amount_decimal == Decimal(1500)
    assert price.product == product.id


def test_it_hides_tiers_unless_expanded(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/api/prices/object: tiers are included only on request."""
    v1 = stripe_account.client.v1
    product = v1.products.create({"name": "Seats"})
    price = v1.prices.create(
        {
            "product": product.id,
            "currency": "usd",
            "recurring": {"interval": "year"},
            "billing_scheme": "tiered",
            "tiers_mode": "graduated",
            "tiers": [{"up_to": 5, "unit_amount": 100}, {"up_to": "inf", "unit_amount": 80}],
        }
    )
    assert "tiers" not in price.to_dict()
    expanded = v1.prices.retrieve(price.id, {"expand": ["tiers"]})
    assert expanded.tiers is not None
    assert [tier.up_to for tier in expanded.tiers] == [5, None]


def test_it_shows_a_coupon_as_used_up(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/api/coupons/object: `valid` takes redeem_by and max_redemptions into account."""
    coupons = stripe_account.client.v1.coupons
    coupon = coupons.create({"percent_off": 25.5, "duration": "forever", "redeem_by": 1})
    assert coupon.valid is False
    assert coupon.percent_off == 25.5


def test_it_expands_the_coupon_of_a_promotion_code(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/changelog/clover/2025-09-30: `promotion.coupon` is an id unless expanded."""
    v1 = stripe_account.client.v1
    coupon = v1.coupons.create({"amount_off": 500, "currency": "usd", "name": "Five off"})
    code = v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "FIVE"})
    assert code.promotion.coupon == coupon.id
    found = v1.promotion_codes.list({"code": "five", "expand": ["data.promotion.coupon"]})
    expanded = found.data[0].promotion.coupon
    assert expanded is not None
    assert not isinstance(expanded, str)
    assert expanded.name == "Five off"


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"product": "prod_none"}, "product"),
        ({"currency": "zzz"}, "currency"),
        ({"unit_amount": None}, "unit_amount"),
        ({"unit_amount": -1}, "unit_amount"),
        ({"unit_amount_decimal": "10"}, "unit_amount"),
        ({"recurring": {"interval": "year", "interval_count": 4}}, "recurring[interval_count]"),
        ({"billing_scheme": "tiered", "unit_amount": None}, "tiers"),
        ({"recurring": {"interval": "month", "usage_type": "metered"}}, "recurring[meter]"),
        ({"recurring": {"interval": "month", "meter": "mtr_none"}}, "recurring[meter]"),
    ],
)
def test_it_refuses_a_price_that_makes_no_sense(
    stripe_account: StripeAccount, changes: dict[str, Any], param: str
) -> None:
    """https://docs.stripe.com/api/prices/create"""
    v1 = stripe_account.client.v1
    product = v1.products.create({"name": "Gold"})
    form = {"product": product.id, "currency": "usd", "unit_amount": 100, **changes}
    given: Any = {name: value for name, value in form.items() if value is not None}
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        v1.prices.create(given)
    assert refusal.value.param == param
    assert v1.prices.list().data == []


def test_it_shows_prices_in_other_currencies_when_asked(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/api/prices/object#price_object-currency_options"""
    v1 = stripe_account.client.v1
    price = v1.prices.create(
        {
            "product_data": {"name": "Gold"},
            "currency": "usd",
            "unit_amount": 1000,
            "currency_options": {"eur": {"unit_amount": 900}},
        }
    )
    assert "currency_options" not in price.to_dict()
    options = v1.prices.retrieve(price.id, {"expand": ["currency_options"]}).to_dict()["currency_options"]
    assert {currency: option["unit_amount"] for currency, option in options.items()} == {"usd": 1000, "eur": 900}


def test_it_hands_a_lookup_key_on(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/products-prices/manage-prices#lookup-keys"""
    v1 = stripe_account.client.v1
    params: Any = {"product_data": {"name": "Gold"}, "currency": "usd", "unit_amount": 100, "lookup_key": "gold"}
    first = v1.prices.create(params)
    with pytest.raises(stripe.InvalidRequestError, match="already uses that lookup key"):
        v1.prices.create(params)
    second = v1.prices.create(params | {"transfer_lookup_key": True})
    assert [price.id for price in v1.prices.list({"lookup_keys": ["gold"]}).data] == [second.id]
    assert v1.prices.retrieve(first.id).lookup_key is None


def test_it_keeps_a_product_that_has_prices(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/api/products/delete"""
    v1 = stripe_account.client.v1
    product = v1.products.create({"name": "Gold", "default_price_data": {"currency": "usd", "unit_amount": 100}})
    with pytest.raises(stripe.InvalidRequestError, match="has one or more user-created prices"):
        v1.products.delete(product.id)
    bare = v1.products.create({"name": "Silver"})
    v1.products.delete(bare.id)
    with pytest.raises(stripe.InvalidRequestError, match="No such product"):
        v1.products.retrieve(bare.id)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "Must provide percent_off or amount_off"),
        ({"percent_off": 10, "amount_off": 5, "currency": "usd"}, "only specify one of these parameters"),
        ({"percent_off": 101}, "must be between 0 and 100"),
        ({"amount_off": 5}, "Must provide currency"),
        ({"percent_off": 5, "duration": "repeating"}, "duration_in_months"),
        ({"percent_off": 5, "applies_to": {"products": ["prod_none"]}}, "No such product: 'prod_none'"),
    ],
)
def test_it_refuses_a_coupon_that_makes_no_sense(stripe_account: StripeAccount, params: Any, message: str) -> None:
    """https://docs.stripe.com/api/coupons/create"""
    with pytest.raises(stripe.InvalidRequestError, match=message):
        stripe_account.client.v1.coupons.create(params)


def test_it_refuses_a_coupon_id_twice(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/error-codes#resource-already-exists."""
    coupons = stripe_account.client.v1.coupons
    coupons.create({"id": "WINTER", "percent_off": 10})
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        coupons.create({"id": "WINTER", "percent_off": 20})
    assert refusal.value.code == "resource_already_exists"


def test_it_deactivates_codes_of_a_coupon_that_is_no_longer_valid(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/api/promotion_codes/object#promotion_code_object-active"""
    v1 = stripe_account.client.v1
    coupon = v1.coupons.create({"percent_off": 10})
    code = v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}})
    assert code.active is True
    v1.coupons.delete(coupon.id)
    assert v1.promotion_codes.retrieve(code.id).active is False
    with pytest.raises(stripe.InvalidRequestError, match="cannot be activated"):
        v1.promotion_codes.update(code.id, {"active": True})


def test_it_refuses_an_active_code_twice(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/billing/subscriptions/coupons#promotion-codes: unique among the active ones."""
    v1 = stripe_account.client.v1
    coupon = v1.coupons.create({"percent_off": 10})
    params: Any = {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "WELCOME"}
    first = v1.promotion_codes.create(params)
    with pytest.raises(stripe.InvalidRequestError, match="already exists"):
        v1.promotion_codes.create(params | {"code": "welcome"})
    v1.promotion_codes.update(first.id, {"active": False})
    assert v1.promotion_codes.create(params).active is True
