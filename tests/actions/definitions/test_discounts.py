"""Apply and remove discounts, against the sandbox."""

import time
from typing import Any

import pytest

from tests.actions.shop import Shop, Subscriber


def coupons(shop: Shop, user: Subscriber) -> list[str]:
    return [discount["source"]["coupon"] for discount in shop.subscription(user)["discounts"]]


def with_coupon(shop: Shop) -> tuple[Subscriber, str]:
    coupon = shop.coupon(duration="forever")
    return shop.subscriber(shop.price("Pro"), discounts=[{"coupon": coupon}]), coupon


@pytest.mark.parametrize(
    ("mode", "status", "expected"),
    [
        ("add", "succeeded", ["old", "new"]),
        ("replace", "succeeded", ["new"]),
        ("only_if_none", "no_op", ["old"]),
    ],
)
def test_it_adds_replaces_or_leaves(shop: Shop, mode: str, status: str, expected: list[str]) -> None:
    user, old = with_coupon(shop)
    new = shop.coupon()

    outcome = shop.outcome(user, "apply_discount", coupon=new, mode=mode)

    assert outcome["status"] == status
    assert coupons(shop, user) == [{"old": old, "new": new}[name] for name in expected]


def test_it_does_not_mint_an_existing_discount_anew(shop: Shop) -> None:
    user, old = with_coupon(shop)
    (before,) = shop.subscription(user)["discounts"]

    assert shop.outcome(user, "apply_discount", coupon=old)["status"] == "no_op"
    shop.outcome(user, "apply_discount", coupon=shop.coupon())

    assert shop.subscription(user)["discounts"][0]["id"] == before["id"]
    assert shop.stripe.coupons.retrieve(old).times_redeemed == 1


def test_it_applies_a_promotion_code(shop: Shop) -> None:
    user, coupon = shop.subscriber(shop.price("Pro")), shop.coupon()
    code = shop.stripe.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon}}).id

    assert shop.outcome(user, "apply_discount", promotion_code=code)["status"] == "succeeded"
    assert coupons(shop, user) == [coupon]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"percent_off": None, "amount_off": 500, "currency": "eur"}, "coupon_currency"),
        ({"max_redemptions": 1}, "coupon_used_up"),
    ],
)
def test_it_says_why_a_coupon_cannot_be_used(shop: Shop, fields: dict[str, Any], code: str) -> None:
    given = {"percent_off": 20, "duration": "once"} | fields
    coupon = shop.stripe.coupons.create({name: value for name, value in given.items() if value}).id
    if "max_redemptions" in fields:
        shop.subscriber(shop.price("Other"), discounts=[{"coupon": coupon}])

    outcome = shop.outcome(shop.subscriber(shop.price("Pro")), "apply_discount", coupon=coupon)

    assert (outcome["status"], outcome["code"]) == ("not_allowed", code)
    assert shop.changes() == []


def test_it_refuses_a_coupon_of_another_product(shop: Shop) -> None:
    product = shop.stripe.products.create({"name": "Other"}).id
    coupon = shop.coupon(applies_to={"products": [product]})

    outcome = shop.outcome(shop.subscriber(shop.price("Pro")), "apply_discount", coupon=coupon)

    assert outcome["code"] == "coupon_product"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"active": False}, "code_inactive"),
        ({"restrictions": {"first_time_transaction": True}}, "code_first_time"),
        (
            {"restrictions": {"minimum_amount": 10_000, "minimum_amount_currency": "usd"}},
            "code_minimum",
        ),
        ({"customer": "{other}"}, "code_customer"),
        ({"expires_at": int(time.time()) + 60}, ""),
    ],
)
def test_it_says_why_a_promotion_code_cannot_be_used(shop: Shop, fields: dict[str, Any], code: str) -> None:
    given = dict(fields)
    if "customer" in given:
        given["customer"] = shop.customer().customer
    promotion = {"type": "coupon", "coupon": shop.coupon()}
    made = shop.stripe.promotion_codes.create({"promotion": promotion, **given}).id

    outcome = shop.outcome(shop.subscriber(shop.price("Pro")), "apply_discount", promotion_code=made)

    assert outcome.get("code", "") == code
    assert outcome["status"] == ("not_allowed" if code else "succeeded")


def test_it_removes_one_or_all(shop: Shop) -> None:
    user, old = with_coupon(shop)
    new = shop.coupon()
    shop.outcome(user, "apply_discount", coupon=new)

    assert shop.outcome(user, "remove_discounts", coupon=new)["status"] == "succeeded"
    assert coupons(shop, user) == [old]
    assert shop.outcome(user, "remove_discounts")["status"] == "succeeded"
    assert coupons(shop, user) == []
    assert shop.outcome(user, "remove_discounts")["status"] == "no_op"
