"""Reads of the mirrored catalogue: search for the pickers, and what can no longer be used, and why."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from connector.models import Connection
from sync.models import Coupon, Price, Product, PromotionCode
from sync.wording import coupon_in_words, plan_in_words

PAGE = 50
_Rows = TypeVar("_Rows", bound=QuerySet[Any])


@dataclass(frozen=True, slots=True)
class Entry:
    """A plan, coupon or code in words. ``why_not`` is empty while it can be used; ``group`` is a plan's product."""

    stripe_id: str
    label: str
    group: str
    why_not: str
    row: Any


@dataclass(frozen=True, slots=True)
class Found:
    """One page of a search; ``total`` counts all pages."""

    entries: list[Entry]
    total: int
    has_more: bool


def search_plans(connection: Connection, *, query: str = "", archived: bool = False, page: int = 1) -> Found:
    """Recurring prices by product, cheapest first. ``query`` is part of a name or an id."""
    product = Product.objects.filter(connection=connection, stripe_id=OuterRef("product"))
    prices = Price.objects.filter(connection=connection, deleted=False, interval__isnull=False).annotate(
        product_name=Subquery(product.values("name")[:1]), product_active=Subquery(product.values("active")[:1])
    )
    wanted = prices if archived else prices.filter(active=True).exclude(product_active=False)
    found = _containing(wanted, query, "product_name", "nickname", "stripe_id", "product")
    ordered = found.order_by("product_name", F("unit_amount").asc(nulls_last=True), "stripe_id")
    return _page(ordered, page, lambda rows: _describe_plans(connection, rows))


def search_coupons(connection: Connection, *, query: str = "", archived: bool = False, page: int = 1) -> Found:
    """Coupons by name."""
    coupons = Coupon.objects.filter(connection=connection, deleted=False)
    if not archived:
        coupons = coupons.filter(_redeemable(timezone.now()), valid=True)
    ordered = _containing(coupons, query, "name", "stripe_id").order_by("name", "stripe_id")
    return _page(ordered, page, _describe_coupons)


def search_promotion_codes(
    connection: Connection, *, query: str = "", archived: bool = False, page: int = 1
) -> Found:
    """Promotion codes in alphabetical order."""
    codes = PromotionCode.objects.filter(connection=connection, deleted=False)
    if not archived:
        codes = codes.filter(_not_used_up(), _not_past("expires_at", timezone.now()), active=True)
    ordered = _containing(codes, query, "code", "stripe_id", "coupon").order_by("code", "stripe_id")
    return _page(ordered, page, lambda rows: _describe_codes(connection, rows))


def find_unusable(connection: Connection, stripe_ids: Collection[str]) -> dict[str, str]:
    """Of these prices, coupons and promotion codes, the ones that a click would be refused with, and why.

    Four statements, however large the catalogue. An id that the mirror does not have counts as gone.
    """
    prices = list(Price.objects.filter(connection=connection, stripe_id__in=stripe_ids, deleted=False))
    coupons = list(Coupon.objects.filter(connection=connection, stripe_id__in=stripe_ids, deleted=False))
    codes = list(PromotionCode.objects.filter(connection=connection, stripe_id__in=stripe_ids, deleted=False))
    entries = [
        *_describe_plans(connection, prices),
        *_describe_coupons(coupons),
        *_describe_codes(connection, codes),
    ]
    reasons = {entry.stripe_id: entry.why_not for entry in entries}
    return {one: reason for one in stripe_ids if (reason := reasons.get(one, "is no longer at Stripe"))}


def _describe_plans(connection: Connection, prices: Iterable[Price]) -> list[Entry]:
    prices = list(prices)
    products = Product.objects.filter(connection=connection, stripe_id__in={price.product for price in prices})
    known = {product.stripe_id: product for product in products}
    return [_describe_plan(price, known.get(price.product)) for price in prices]


def _describe_plan(price: Price, product: Product | None) -> Entry:
    archived = not price.active or (product is not None and not (product.active and not product.deleted))
    name = product.name if product else price.product
    return Entry(
        price.stripe_id, plan_in_words(price, product), name, "is archived at Stripe" if archived else "", price
    )


def _describe_coupons(coupons: Iterable[Coupon]) -> list[Entry]:
    return [Entry(one.stripe_id, coupon_in_words(one), "", _why_no_coupon(one), one) for one in coupons]


def _why_no_coupon(coupon: Coupon) -> str:
    if coupon.deleted:
        return "is no longer at Stripe"
    if coupon.redeem_by and coupon.redeem_by <= timezone.now():
        return "has expired"
    if coupon.max_redemptions is not None and coupon.times_redeemed >= coupon.max_redemptions:
        return "is used up"
    return "" if coupon.valid else "can no longer be redeemed"


def _describe_codes(connection: Connection, codes: Iterable[PromotionCode]) -> list[Entry]:
    codes = list(codes)
    coupons = Coupon.objects.filter(connection=connection, stripe_id__in={code.coupon for code in codes})
    known = {coupon.stripe_id: coupon for coupon in coupons}
    return [_describe_code(code, known.get(code.coupon or "")) for code in codes]


def _describe_code(code: PromotionCode, coupon: Coupon | None) -> Entry:
    label = f"{code.code}: {coupon_in_words(coupon)}" if coupon else code.code
    return Entry(code.stripe_id, label, "", _why_no_code(code, coupon), code)


def _why_no_code(code: PromotionCode, coupon: Coupon | None) -> str:
    if code.expires_at and code.expires_at <= timezone.now():
        return "has expired"
    if code.max_redemptions is not None and code.times_redeemed >= code.max_redemptions:
        return "is used up"
    if not code.active:
        return "is archived at Stripe"
    return _why_no_coupon(coupon) if coupon else ""


def _redeemable(now: datetime) -> Q:
    return _not_used_up() & _not_past("redeem_by", now)


def _not_used_up() -> Q:
    return Q(max_redemptions__isnull=True) | Q(times_redeemed__lt=F("max_redemptions"))


def _not_past(name: str, now: datetime) -> Q:
    return Q(**{f"{name}__isnull": True}) | Q(**{f"{name}__gt": now})


def _containing(rows: _Rows, query: str, *names: str) -> _Rows:
    """Every word of the query must be part of one of these columns, in any case."""
    for word in query.split():
        rows = rows.filter(_any(Q(**{f"{name}__icontains": word}) for name in names))
    return rows


def _any(conditions: Iterable[Q]) -> Q:
    combined = Q()
    for condition in conditions:
        combined |= condition
    return combined


def _page(rows: QuerySet[Any], page: int, describe: Any) -> Found:
    start = (max(page, 1) - 1) * PAGE
    total = rows.count()
    return Found(describe(rows[start : start + PAGE]), total, total > start + PAGE)
