"""Products and prices: https://docs.stripe.com/api/products and https://docs.stripe.com/api/prices."""

from __future__ import annotations

from decimal import Decimal

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
    coupon = coupons.create({"percent_off": Decimal("25.5"), "duration": "forever", "redeem_by": 1})
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
