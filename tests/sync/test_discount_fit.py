"""Which coupons and codes can come off which plan: the filter of rows and the sentence about one agree."""

from decimal import Decimal
from typing import Any

import pytest

from connector.models import Connection
from sync.catalogue_selectors import search_coupons, search_promotion_codes
from sync.discount_fit import DiscountUse, why_code_does_not_fit, why_coupon_does_not_fit
from sync.models import Coupon, PromotionCode
from tests.factories import make_connection

pytestmark = pytest.mark.django_db

COUPONS: dict[str, dict[str, Any]] = {
    "percent": {"percent_off": 10},
    "dollars": {"amount_off": 500, "currency": "usd"},
    "euros": {"amount_off": 500, "currency": "eur"},
    "both": {"amount_off": 500, "currency": "usd", "currency_options": {"eur": {"amount_off": 450}}},
    "of_pro": {"percent_off": 10, "applies_to_products": ["pro", "team"]},
    "of_basic": {"percent_off": 10, "applies_to_products": ["basic"]},
    "of_all": {"percent_off": 10, "applies_to_products": []},
    "euros_of_pro": {"amount_off": 500, "currency": "eur", "applies_to_products": ["pro"]},
}
PRO = frozenset({"pro"})
USES = [
    (DiscountUse(), set(COUPONS)),
    (DiscountUse(products=PRO, amounts={"usd": None}), {"percent", "dollars", "both", "of_pro", "of_all"}),
    (
        DiscountUse(products=PRO, amounts={"eur": None}),
        {"percent", "euros", "both", "of_pro", "of_all", "euros_of_pro"},
    ),
    (
        DiscountUse(products=frozenset({"basic", "pro"}), amounts={"eur": None, "usd": None}),
        set(COUPONS),
    ),
    (DiscountUse(products=frozenset({"other"}), amounts={"jpy": None}), {"percent", "of_all"}),
]


@pytest.fixture
def connection() -> Connection:
    connection = make_connection()
    for stripe_id, fields in COUPONS.items():
        Coupon.objects.create(connection=connection, stripe_id=stripe_id, duration="once", rank=1, **fields)
        PromotionCode.objects.create(
            connection=connection, stripe_id=f"code_{stripe_id}", code=stripe_id, coupon=stripe_id, rank=1
        )
    return connection


@pytest.mark.parametrize(("use", "fitting"), USES)
def test_it_offers_exactly_the_discounts_that_it_would_not_refuse(
    connection: Connection, use: DiscountUse, fitting: set[str]
) -> None:
    coupons = {one.stripe_id for one in search_coupons(connection, use=use).entries}
    codes = {one.row.coupon for one in search_promotion_codes(connection, use=use).entries}
    rows = Coupon.objects.filter(connection=connection)

    assert coupons == codes == fitting
    assert {one.stripe_id for one in rows if not why_coupon_does_not_fit(one, use)} == fitting
    for code in PromotionCode.objects.filter(connection=connection):
        coupon = rows.get(stripe_id=code.coupon)
        assert bool(why_code_does_not_fit(code, coupon, use)) == (code.coupon not in fitting)


@pytest.mark.parametrize(
    ("amounts", "is_offered"),
    [
        ({"usd": Decimal(5000)}, True),
        ({"usd": Decimal(4999)}, False),
        ({"usd": None}, True),
        ({"eur": Decimal(1)}, True),  # the code may have a minimum of its own in euros
        ({"usd": Decimal(1), "eur": Decimal(1)}, True),
        ({}, True),
    ],
)
def test_it_compares_a_minimum_where_the_amount_is_known(
    amounts: dict[str, Decimal | None], is_offered: bool
) -> None:
    connection, use = make_connection(), DiscountUse(amounts=amounts)
    Coupon.objects.create(connection=connection, stripe_id="off", duration="once", percent_off=5, rank=1)
    code = PromotionCode.objects.create(
        connection=connection,
        stripe_id="promo_1",
        code="BIG",
        coupon="off",
        minimum_amount=5000,
        minimum_amount_currency="usd",
        rank=1,
    )

    assert len(search_promotion_codes(connection, use=use).entries) == is_offered
    why_not = why_code_does_not_fit(code, None, use)
    assert why_not == ("" if is_offered else "The promotion code needs a purchase of at least $50.")
