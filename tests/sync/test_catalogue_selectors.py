"""Searching the catalogue, and finding what can no longer be used."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from connector.models import Connection
from sync.catalogue_entries import find_unusable
from sync.catalogue_selectors import PAGE, search_coupons, search_plans, search_promotion_codes
from sync.models import Coupon, Price, Product, PromotionCode
from tests.factories import make_connection

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection() -> Connection:
    return make_connection()


def price(connection: Connection, stripe_id: str, **fields: Any) -> Price:
    defaults = {"product": "prod_1", "currency": "usd", "unit_amount": 1000, "interval": "month", "rank": 1}
    return Price.objects.create(connection=connection, stripe_id=stripe_id, **{**defaults, **fields})


def coupon(connection: Connection, stripe_id: str, **fields: Any) -> Coupon:
    defaults = {"duration": "once", "percent_off": 10, "rank": 1}
    return Coupon.objects.create(connection=connection, stripe_id=stripe_id, **{**defaults, **fields})


def code(connection: Connection, stripe_id: str, **fields: Any) -> PromotionCode:
    defaults = {"code": stripe_id.upper(), "coupon": "off", "rank": 1}
    return PromotionCode.objects.create(connection=connection, stripe_id=stripe_id, **{**defaults, **fields})


def ids(found: Any) -> list[str]:
    return [entry.stripe_id for entry in found.entries]


def test_it_searches_ten_thousand_prices_in_few_statements(
    connection: Connection, django_assert_max_num_queries: Any
) -> None:
    products = [
        Product(connection=connection, stripe_id=f"prod_{n}", name=f"Product {n}", rank=1) for n in range(100)
    ]
    Product.objects.bulk_create(products)
    Price.objects.bulk_create(
        Price(connection=connection, stripe_id=f"price_{n}", product=f"prod_{n % 100}", currency="usd",
              unit_amount=n, interval="month", rank=1)
        for n in range(10_000)
    )  # fmt: skip
    with django_assert_max_num_queries(3):
        found = search_plans(connection, query="prod_42")
    assert found.total == 100
    assert len(found.entries) == PAGE
    assert {entry.group for entry in found.entries} == {"Product 42"}
    assert found.has_more
    assert not search_plans(connection, query="prod_42", page=2).has_more


def test_it_offers_only_what_can_be_bought(connection: Connection) -> None:
    Product.objects.create(connection=connection, stripe_id="prod_1", name="Basic", rank=1)
    Product.objects.create(connection=connection, stripe_id="prod_old", name="Old", active=False, rank=1)
    price(connection, "good")
    price(connection, "archived", active=False)
    price(connection, "of_archived_product", product="prod_old")
    price(connection, "one_time", interval=None)
    price(connection, "gone", deleted=True)
    assert ids(search_plans(connection)) == ["good"]
    assert set(ids(search_plans(connection, archived=True))) == {"good", "archived", "of_archived_product"}


def test_it_keeps_to_its_own_connection(connection: Connection) -> None:
    price(make_connection(), "foreign")
    assert ids(search_plans(connection)) == []
    assert find_unusable(connection, ["foreign"]) == {"foreign": "is no longer at Stripe"}


def test_it_says_what_can_no_longer_be_used_and_why(connection: Connection) -> None:
    past = timezone.now() - timedelta(days=1)
    price(connection, "archived", active=False)
    price(connection, "good_price")
    coupon(connection, "off")
    coupon(connection, "expired", redeem_by=past)
    coupon(connection, "spent", max_redemptions=2, times_redeemed=2)
    coupon(connection, "invalid", valid=False)
    code(connection, "good_code")
    code(connection, "late", expires_at=past)
    code(connection, "empty", max_redemptions=1, times_redeemed=1)
    code(connection, "inactive", active=False)
    code(connection, "of_spent_coupon", coupon="spent")
    asked = ["archived", "good_price", "off", "expired", "spent", "invalid", "good_code", "late", "empty",
             "inactive", "of_spent_coupon", "nowhere"]  # fmt: skip
    assert find_unusable(connection, asked) == {
        "archived": "is archived at Stripe",
        "expired": "has expired",
        "spent": "is used up",
        "invalid": "can no longer be redeemed",
        "late": "has expired",
        "empty": "is used up",
        "inactive": "is archived at Stripe",
        "of_spent_coupon": "is used up",
        "nowhere": "is no longer at Stripe",
    }


def test_it_searches_coupons_and_codes_by_any_word(connection: Connection) -> None:
    coupon(connection, "off", name="Spring loyalty")
    coupon(connection, "other", name="Autumn")
    code(connection, "promo_1", code="SPRING24")
    code(connection, "promo_2", code="AUTUMN")
    assert ids(search_coupons(connection, query="loyal spring")) == ["off"]
    assert ids(search_promotion_codes(connection, query="spring")) == ["promo_1"]


def test_it_finds_plans_by_amount_interval_and_currency(connection: Connection) -> None:
    Product.objects.create(connection=connection, stripe_id="prod_1", name="Pro", rank=1)
    price(connection, "monthly", unit_amount=2000)
    price(connection, "yearly", unit_amount=20_000, interval="year")
    price(connection, "yen", unit_amount=2000, currency="jpy")
    price(connection, "dinar", unit_amount=20_000, currency="kwd")
    price(connection, "launch", unit_amount=1500, nickname="Launch offer")
    for query, found in [
        ("pro 20 month", ["monthly", "dinar"]),
        ("$200", ["yearly"]),
        ("year", ["yearly"]),
        ("2000", ["yen"]),
        ("jpy", ["yen"]),
        ("20,00", ["monthly", "dinar"]),
        ("pro launch", ["launch"]),
        ("basic", []),
    ]:
        assert ids(search_plans(connection, query=query)) == found, query


def test_it_counts_only_when_asked(connection: Connection, django_assert_num_queries: Any) -> None:
    price(connection, "one")
    with django_assert_num_queries(2):
        assert search_plans(connection, count=False).total is None
    with django_assert_num_queries(3):
        assert search_plans(connection).total == 1


def test_it_tells_alike_entries_apart(connection: Connection) -> None:
    price(connection, "launch", nickname="Launch offer")
    coupon(connection, "off", max_redemptions=5, times_redeemed=2)
    code(connection, "promo_1", max_redemptions=1, customer="cus_1", first_time_transaction=True)
    assert search_plans(connection).entries[0].note == "Launch offer"
    assert search_coupons(connection).entries[0].note == "3 left"
    noted = search_promotion_codes(connection).entries[0].note
    assert noted == "1 left, for one customer only, first purchase only"
