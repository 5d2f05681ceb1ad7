"""Searching the mirrored catalogue, for the pickers and the API."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from connector.models import Connection
from sync.catalogue_entries import Entry, describe_codes, describe_coupons, describe_plans
from sync.discount_fit import DiscountUse, codes_that_fit, coupons_that_fit
from sync.models import Coupon, Discount, Price, Product, PromotionCode
from sync.wording import THREE_DECIMAL, ZERO_DECIMAL

PAGE = 50
ANY_USE = DiscountUse()
_AMOUNT = re.compile(r"\d{1,12}(\.\d{1,3})?")
_Rows = TypeVar("_Rows", bound=QuerySet[Any])


@dataclass(frozen=True, slots=True)
class Found:
    """One page of a search; ``total`` counts all pages, None where nobody asked."""

    entries: list[Entry]
    total: int | None
    has_more: bool


def search_plans(
    connection: Connection, *, query: str = "", archived: bool = False, page: int = 1, count: bool = True
) -> Found:
    """Recurring prices by product, cheapest first.

    Each word of ``query`` is part of a name or an id, or an amount, a currency or an interval: ``pro 20 month``.
    """
    products = Product.objects.filter(connection=connection)
    prices = Price.objects.filter(connection=connection, deleted=False, interval__isnull=False)
    if not archived:
        gone = products.filter(Q(active=False) | Q(deleted=True)).values("stripe_id")
        prices = prices.filter(active=True).exclude(product__in=gone)
    for word in query.split():
        of_product = Q(product__in=products.filter(name__icontains=word).values("stripe_id"))
        prices = prices.filter(of_product | _in_any(word, "nickname", "stripe_id", "product") | _terms(word))
    name = Subquery(products.filter(stripe_id=OuterRef("product")).values("name")[:1])
    ordered = prices.order_by(name, "product", F("unit_amount").asc(nulls_last=True), "stripe_id")
    return _page(ordered, page, count, lambda rows: describe_plans(connection, rows))


def search_coupons(
    connection: Connection,
    *,
    query: str = "",
    archived: bool = False,
    page: int = 1,
    count: bool = True,
    use: DiscountUse = ANY_USE,
) -> Found:
    """Coupons by name, those that can come off what ``use`` says.

    ``archived`` also finds what can no longer be redeemed, a deleted one as long as somebody has its discount.
    """
    coupons = Coupon.objects.filter(coupons_that_fit(use), connection=connection)
    if archived:
        held = Discount.objects.filter(connection=connection, coupon=OuterRef("stripe_id"), deleted=False)
        coupons = coupons.filter(Q(deleted=False) | Q(Exists(held)))
    else:
        coupons = coupons.filter(_redeemable(timezone.now()), valid=True, deleted=False)
    ordered = _containing(coupons, query, "name", "stripe_id").order_by("name", "stripe_id")
    return _page(ordered, page, count, describe_coupons)


def search_promotion_codes(
    connection: Connection,
    *,
    query: str = "",
    archived: bool = False,
    page: int = 1,
    count: bool = True,
    use: DiscountUse = ANY_USE,
) -> Found:
    """Promotion codes in alphabetical order, those that can come off what ``use`` says."""
    codes = PromotionCode.objects.filter(codes_that_fit(connection, use), connection=connection, deleted=False)
    if not archived:
        codes = codes.filter(_not_used_up(), _not_past("expires_at", timezone.now()), active=True)
    ordered = _containing(codes, query, "code", "stripe_id", "coupon").order_by("code", "stripe_id")
    return _page(ordered, page, count, lambda rows: describe_codes(connection, rows))


def coupon_is_held(connection: Connection, coupon: str) -> bool:
    """Whether a customer or a subscription has its discount, whatever became of the coupon itself."""
    return Discount.objects.filter(connection=connection, coupon=coupon, deleted=False).exists()


def list_currencies(connection: Connection) -> list[str]:
    """The currencies that plans can be bought in by their own price."""
    prices = Price.objects.filter(connection=connection, deleted=False, active=True, interval__isnull=False)
    return list(prices.order_by("currency").values_list("currency", flat=True).distinct())


def _redeemable(now: datetime) -> Q:
    return _not_used_up() & _not_past("redeem_by", now)


def _not_used_up() -> Q:
    return Q(max_redemptions__isnull=True) | Q(times_redeemed__lt=F("max_redemptions"))


def _not_past(name: str, now: datetime) -> Q:
    return Q(**{f"{name}__isnull": True}) | Q(**{f"{name}__gt": now})


def _containing(rows: _Rows, query: str, *names: str) -> _Rows:
    """Every word of the query must be part of one of these columns, in any case."""
    for word in query.split():
        rows = rows.filter(_in_any(word, *names))
    return rows


def _in_any(word: str, *names: str) -> Q:
    combined = Q()
    for name in names:
        combined |= Q(**{f"{name}__icontains": word})
    return combined


def _terms(word: str) -> Q:
    """The word as a currency, an interval or an amount: ``eur``, ``year``, ``$20``."""
    named = Q(currency=word.lower()) | Q(interval=word.lower())
    number = word.strip("$€£¥").replace(",", ".")
    if not _AMOUNT.fullmatch(number):
        return named
    return named | _costs(Decimal(number))


def _costs(amount: Decimal) -> Q:
    """``unit_amount`` is in minor units, and currencies differ in how many make one."""
    odd = ZERO_DECIMAL | THREE_DECIMAL
    return (
        (Q(unit_amount=amount) & Q(currency__in=ZERO_DECIMAL))
        | (Q(unit_amount=amount.scaleb(3)) & Q(currency__in=THREE_DECIMAL))
        | (Q(unit_amount=amount.scaleb(2)) & ~Q(currency__in=odd))
    )


def _page(rows: QuerySet[Any], page: int, count: bool, describe: Callable[[Any], list[Entry]]) -> Found:  # noqa: FBT001
    start = (max(page, 1) - 1) * PAGE
    found = list(rows[start : start + PAGE + 1])
    return Found(describe(found[:PAGE]), rows.count() if count else None, len(found) > PAGE)
