"""The admin API of whole accounts, and old discounts on customers."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.sandbox.shop import START, Shop, invoice_of
from tests.sandbox_process import StripeAccount


def copied(shop: Shop) -> StripeAccount:
    account = shop.account
    made = account.sandbox.admin("POST", "copies", account=account.id, permissions=["rak_customer_read"])
    return StripeAccount(account.sandbox, made["account"], False, made["secret_key"])


def objects(account: StripeAccount) -> list[dict[str, Any]]:
    return list(account.sandbox.admin("GET", "objects", account=account.id)["data"])


def test_it_copies_an_account_whole(shop: Shop) -> None:
    sub = shop.subscribe()
    copy = copied(shop)
    assert objects(copy) == objects(shop.account)
    copy.client.v1.subscriptions.cancel(sub.id)
    assert shop.fresh(sub).status == "active"
    assert copy.client.v1.subscriptions.retrieve(sub.id).status == "canceled"


def test_it_makes_the_same_ids_in_copies(shop: Shop) -> None:
    made = [copied(shop).client.v1.customers.create({}).id for _ in range(2)]
    assert made[0] == made[1]


def test_it_gives_a_copy_a_key_with_permissions_of_its_own(shop: Shop) -> None:
    sandbox = shop.account.sandbox
    made = sandbox.admin("POST", "copies", account=shop.account.id, permissions=["rak_customer_read"])
    client = sandbox.client(made["restricted_key"])
    assert client.v1.customers.list().data
    with pytest.raises(stripe.PermissionError):
        client.v1.products.list()


def on_customer(shop: Shop, **terms: Any) -> str:
    coupon = shop.stripe.coupons.create({"percent_off": 50, "duration": "forever", **terms}).id
    where = {"account": shop.account.id, "customer": shop.customer}
    return str(shop.account.sandbox.admin("POST", "customer_discounts", coupon=coupon, **where)["discount"])


def test_it_discounts_subscriptions_that_have_no_discount_of_their_own(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/coupons."""
    discount = on_customer(shop)
    customer = shop.stripe.customers.retrieve(shop.customer)
    assert customer.discount is not None
    assert customer.discount.id == discount
    assert invoice_of(shop.subscribe()).total == 500
    own = shop.stripe.coupons.create({"percent_off": 10, "duration": "forever"}).id
    assert invoice_of(shop.subscribe(discounts=[{"coupon": own}])).total == 900


def test_it_lets_a_subscription_take_the_customers_discount_over(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscriptions/update#update_subscription-discounts-discount."""
    discount = on_customer(shop)
    sub = shop.subscribe()
    taken = shop.update(sub, discounts=[{"discount": discount}])
    assert taken.discounts == [discount]
    shop.update(sub, discounts="")
    assert shop.stripe.customers.retrieve(shop.customer).discount is not None


def test_it_uses_a_customers_discount_up_that_counts_once(shop: Shop) -> None:
    on_customer(shop, duration="once")
    assert [invoice_of(shop.subscribe()).total for _ in range(2)] == [500, 1000]
    assert shop.stripe.customers.retrieve(shop.customer).discount is None


def test_it_cancels_with_a_period_that_moves(shop: Shop) -> None:
    """https://docs.stripe.com/changelog/basil/2025-07-30/cancel-at-enums: a date does not move, this does."""
    sub = shop.subscribe(trial_period_days=14)
    shop.update(sub, cancel_at_period_end=True)
    later = START + 20 * 86_400
    assert shop.update(sub, trial_end=later).cancel_at == later
