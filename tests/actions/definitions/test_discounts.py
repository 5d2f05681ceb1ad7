"""Apply and remove discounts, against the sandbox."""

import pytest

from actions.models import ActionConfig
from tests.actions.shop import Shop, Subscriber


def with_coupon(shop: Shop) -> tuple[Subscriber, str]:
    coupon = shop.coupon(duration="forever")
    return shop.subscriber(shop.price("Pro"), discounts=[{"coupon": coupon}]), coupon


def test_it_does_not_mint_an_existing_discount_anew(shop: Shop) -> None:
    user, old = with_coupon(shop)
    (before,) = shop.subscription(user)["discounts"]

    assert shop.outcome(user, "apply_discount", coupon=old)["status"] == "no_op"
    shop.outcome(user, "apply_discount", coupon=shop.coupon())

    assert shop.subscription(user)["discounts"][0]["id"] == before["id"]
    assert shop.stripe.coupons.retrieve(old).times_redeemed == 1


def test_it_carries_the_customers_discount_over_with_its_end(shop: Shop) -> None:
    """An old discount of the customer would be silenced by the first one of the subscription's own."""
    user = shop.subscriber(shop.price("Pro"))
    where = {"account": shop.account.id, "customer": user.customer}
    old = shop.coupon(duration="repeating", duration_in_months=6)
    held = shop.account.sandbox.admin("POST", "customer_discounts", coupon=old, **where)["discount"]
    new = shop.coupon(duration="forever")

    assert shop.outcome(user, "apply_discount", coupon=new)["status"] == "succeeded"

    kept, added = shop.subscription(user)["discounts"]
    assert (kept["id"], kept["source"]["coupon"], added["source"]["coupon"]) == (held, old, new)
    assert shop.stripe.coupons.retrieve(old).times_redeemed == 1


def test_it_leaves_discounts_of_items_alone(shop: Shop) -> None:
    pro, coupon = shop.price("Pro"), shop.coupon(duration="forever")
    user = shop.subscriber(pro, items=[{"price": pro, "discounts": [{"coupon": coupon}]}])

    assert (
        shop.outcome(user, "apply_discount", coupon=shop.coupon(), mode="only_if_none")["code"] == "has_discount"
    )
    shop.outcome(user, "apply_discount", coupon=shop.coupon(), mode="replace")

    (item,) = shop.subscription(user)["items"]["data"]
    assert len(item["discounts"]) == 1


@pytest.mark.parametrize("kind", ["coupon", "promotion_code"])
def test_it_says_that_a_coupon_or_code_is_gone(shop: Shop, kind: str) -> None:
    coupon = shop.coupon()
    chosen = coupon
    if kind == "promotion_code":
        chosen = shop.stripe.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon}}).id
    shop.configure({"action": "apply_discount", "parameters": {kind: chosen}})
    ActionConfig.objects.update(parameters={"coupon": None, "promotion_code": None, "mode": "add", kind: "gone"})

    (outcome,) = shop.click(shop.subscriber(shop.price("Pro")))["outcomes"]

    assert (outcome["status"], outcome["code"]) == ("not_allowed", f"{kind.removeprefix('promotion_')}_gone")
