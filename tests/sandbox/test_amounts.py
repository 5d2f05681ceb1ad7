"""Amounts as pure arithmetic: https://docs.stripe.com/products-prices/pricing-models."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engage_stripe.sandbox.billing.amounts import in_currency, is_free, price_amount
from engage_stripe.sandbox.billing.cards import charge_outcome
from engage_stripe.sandbox.billing.discounting import (
    AppliedDiscount,
    Discountable,
    apply_discounts,
    coupon_amount_off,
    discount_end,
)
from engage_stripe.sandbox.billing.proration import Debit, prorate, split

# The tiers of https://docs.stripe.com/products-prices/pricing-models#volume-pricing
TIERS = [
    {"up_to": 5, "unit_amount": 700, "flat_amount": None},
    {"up_to": 10, "unit_amount": 650, "flat_amount": None},
    {"up_to": None, "unit_amount": 600, "flat_amount": None},
]


def tiered(mode: str, tiers: list[dict[str, Any]]) -> dict[str, Any]:
    """A tiered price of `mode` (`volume`, `graduated`)."""
    return {"billing_scheme": "tiered", "tiers_mode": mode, "tiers": tiers, "currency": "usd"}


@pytest.mark.parametrize(("quantity", "cost"), [(1, 700), (5, 3500), (6, 3900), (20, 12000), (25, 15000)])
def test_it_prices_a_volume_by_the_tier_reached(quantity: int, cost: int) -> None:
    """https://docs.stripe.com/products-prices/pricing-models#volume-pricing."""
    assert price_amount(tiered("volume", TIERS), quantity) == cost


@pytest.mark.parametrize(("quantity", "cost"), [(1, 700), (5, 3500), (6, 4150), (20, 12750), (25, 15750)])
def test_it_prices_each_graduated_tier_apart(quantity: int, cost: int) -> None:
    """https://docs.stripe.com/products-prices/pricing-models#graduated-pricing."""
    assert price_amount(tiered("graduated", TIERS), quantity) == cost


def test_it_charges_the_first_flat_fee_even_for_nothing() -> None:
    """https://docs.stripe.com/api/prices/object#price_object-tiers-flat_amount."""
    tiers = [{"up_to": 5, "unit_amount": 0, "flat_amount": 1000}, {"up_to": None, "unit_amount": 100}]
    assert price_amount(tiered("graduated", tiers), 0) == 1000
    assert price_amount(tiered("graduated", tiers), 7) == 1200


def test_it_rounds_fractions_of_a_cent_once_at_the_end() -> None:
    """https://docs.stripe.com/api/prices/object#price_object-unit_amount_decimal."""
    price = {"billing_scheme": "per_unit", "unit_amount": None, "unit_amount_decimal": "0.05"}
    assert price_amount(price, 10) == 1
    assert price_amount(price, 9) == 0


def test_it_packs_quantities() -> None:
    """https://docs.stripe.com/api/prices/object#price_object-transform_quantity."""
    price = {"billing_scheme": "per_unit", "unit_amount": 1000, "currency": "usd"}
    assert price_amount({**price, "transform_quantity": {"divide_by": 5, "round": "up"}}, 6) == 2000
    assert price_amount({**price, "transform_quantity": {"divide_by": 5, "round": "down"}}, 6) == 1000


def test_it_reads_the_amount_of_another_currency() -> None:
    """https://docs.stripe.com/api/prices/object#price_object-currency_options."""
    price = {"currency": "usd", "unit_amount": 1000, "currency_options": {"eur": {"unit_amount": 900}}}
    assert in_currency(price, "eur")["unit_amount"] == 900
    with pytest.raises(KeyError):
        in_currency(price, "gbp")


def test_it_knows_a_free_price() -> None:
    """Ours: what decides whether https://docs.stripe.com/billing/subscriptions/billing-cycle moves the anchor."""
    assert is_free({"billing_scheme": "per_unit", "unit_amount": 0})
    assert not is_free({"billing_scheme": "per_unit", "unit_amount": None, "unit_amount_decimal": "0.5"})


def test_it_prorates_to_the_second() -> None:
    """https://docs.stripe.com/billing/subscriptions/prorations: 10 to 20 USD halfway through the month."""
    assert prorate(-1000, 0, 2_592_000, 1_296_000) == -500
    assert prorate(2000, 0, 2_592_000, 1_296_000) == 1000
    assert prorate(1000, 0, 3, 1) == 667
    assert prorate(-1, 0, 2, 1) == -1


@given(
    amount=st.integers(0, 10**7),
    discount=st.integers(0, 10**4),
    length=st.integers(1, 32_000_000),
    cut=st.floats(0, 1),
)
def test_it_never_credits_more_than_was_debited(amount: int, discount: int, length: int, cut: float) -> None:
    """https://docs.stripe.com/billing/subscriptions/billing-mode/compare#credit-proration-calculations."""
    debit = Debit(amount=amount, start=0, end=length, discounts={"di_1": discount})
    kept, unused = split([debit], int(length * cut))
    assert sum(part.amount for part in kept + unused) == amount
    assert sum(part.discounts["di_1"] for part in kept + unused) == discount
    assert sum(part.end - part.start for part in kept + unused) == length


def test_it_applies_discounts_one_after_the_other() -> None:
    """https://docs.stripe.com/billing/subscriptions/coupons: in the order of the list."""
    line = Discountable(amount=1000, product="prod_1")
    half = AppliedDiscount("di_1", {"percent_off": 50})
    three = AppliedDiscount("di_2", {"amount_off": 300, "currency": "usd"})
    apply_discounts([line], [half, three], "usd")
    assert line.taken == {"di_1": 500, "di_2": 300}


def test_it_spreads_a_fixed_amount_and_stops_at_zero() -> None:
    """https://docs.stripe.com/billing/subscriptions/coupons; the split between lines is inferred."""
    lines = [Discountable(amount=1000, product="a"), Discountable(amount=500, product="b")]
    apply_discounts(lines, [AppliedDiscount("di_1", {"amount_off": 100, "currency": "usd"})], "usd")
    assert [line.taken["di_1"] for line in lines] == [67, 33]
    apply_discounts(lines, [AppliedDiscount("di_2", {"amount_off": 9999, "currency": "usd"})], "usd")
    assert [line.rest for line in lines] == [0, 0]


def test_it_limits_a_coupon_to_its_products_and_a_discount_to_its_item() -> None:
    """https://docs.stripe.com/api/coupons/object#coupon_object-applies_to."""
    lines = [
        Discountable(amount=1000, product="a", item="si_1"),
        Discountable(amount=1000, product="b", item="si_2"),
    ]
    only_a = AppliedDiscount("di_1", {"percent_off": 10, "applies_to": {"products": ["a"]}})
    only_second = AppliedDiscount("di_2", {"percent_off": 20}, item="si_2")
    apply_discounts(lines, [only_a, only_second], "usd")
    assert [line.taken for line in lines] == [{"di_1": 100}, {"di_2": 200}]


def test_it_knows_a_coupons_amount_in_other_currencies_and_its_end() -> None:
    """https://docs.stripe.com/api/coupons/object#coupon_object-currency_options."""
    coupon = {"amount_off": 500, "currency": "usd", "currency_options": {"eur": {"amount_off": 450}}}
    assert coupon_amount_off(coupon, "eur") == 450
    assert coupon_amount_off(coupon, "gbp") is None
    assert discount_end({"duration": "repeating", "duration_in_months": 3}, 0) == 7_776_000
    assert discount_end({"duration": "forever"}, 0) is None


@pytest.mark.parametrize(
    ("last4", "status"),
    [("4242", "succeeded"), ("0341", "declined"), ("0002", "declined"), ("3184", "requires_action")],
)
def test_it_plays_the_documented_test_cards(last4: str, status: str) -> None:
    """https://docs.stripe.com/testing#declined-payments and https://docs.stripe.com/testing#authentication."""
    assert charge_outcome(last4).status == status
