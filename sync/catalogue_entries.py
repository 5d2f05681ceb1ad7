"""Plans, coupons and codes of the mirrored catalogue in words, and why one can no longer be used."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from connector.models import Connection
from sync.models import Coupon, Price, Product, PromotionCode
from sync.wording import coupon_in_words, plan_in_words


@dataclass(frozen=True, slots=True)
class Entry:
    """A plan, coupon or code in words.

    ``group`` is a plan's product; ``note`` tells alike entries apart (a plan's nickname, redemptions left);
    ``why_not`` is empty while it can be used; ``parent`` is a plan's product or a code's coupon, where known.
    """

    stripe_id: str
    label: str
    group: str
    note: str
    why_not: str
    row: Any
    parent: Any = None


def find_entries(connection: Connection, stripe_ids: Collection[str]) -> dict[str, Entry]:
    """These prices, coupons and promotion codes by id, also what can no longer be used; what is gone is left out, but
    for coupons, as there may be discounts of them.

    Five statements, however many ids and however large the catalogue.
    """
    if not stripe_ids:
        return {}
    where: dict[str, Any] = {"connection": connection, "stripe_id__in": set(stripe_ids)}
    entries = [
        *describe_plans(connection, Price.objects.filter(**where, deleted=False)),
        *describe_coupons(Coupon.objects.filter(**where)),
        *describe_codes(connection, PromotionCode.objects.filter(**where, deleted=False)),
    ]
    return {entry.stripe_id: entry for entry in entries}


def find_unusable(connection: Connection, stripe_ids: Collection[str]) -> dict[str, str]:
    """Of these prices, coupons and promotion codes, the ones that a click would be refused with, and why.

    An id that the mirror does not have counts as gone.
    """
    entries = find_entries(connection, stripe_ids)
    reasons = {one: entries[one].why_not if one in entries else "is no longer at Stripe" for one in stripe_ids}
    return {one: reason for one, reason in reasons.items() if reason}


def describe_plans(connection: Connection, prices: Iterable[Price]) -> list[Entry]:
    prices = list(prices)
    products = Product.objects.filter(connection=connection, stripe_id__in={price.product for price in prices})
    known = {product.stripe_id: product for product in products}
    return [_describe_plan(price, known.get(price.product)) for price in prices]


def _describe_plan(price: Price, product: Product | None) -> Entry:
    archived = not price.active or (product is not None and not (product.active and not product.deleted))
    name = product.name if product else price.product
    return Entry(
        stripe_id=price.stripe_id,
        label=plan_in_words(price, product.name if product else None),
        group=name,
        note=price.nickname or "",
        why_not="is archived at Stripe" if archived else "",
        row=price,
        parent=product,
    )


def describe_coupons(coupons: Iterable[Coupon]) -> list[Entry]:
    return [
        Entry(one.stripe_id, coupon_in_words(one), "", _left(one), _why_no_coupon(one), one) for one in coupons
    ]


def _why_no_coupon(coupon: Coupon) -> str:
    if coupon.deleted:
        return "is no longer at Stripe"
    if coupon.redeem_by and coupon.redeem_by <= timezone.now():
        return "has expired"
    if coupon.max_redemptions is not None and coupon.times_redeemed >= coupon.max_redemptions:
        return "is used up"
    return "" if coupon.valid else "can no longer be redeemed"


def describe_codes(connection: Connection, codes: Iterable[PromotionCode]) -> list[Entry]:
    codes = list(codes)
    coupons = Coupon.objects.filter(connection=connection, stripe_id__in={code.coupon for code in codes})
    known = {coupon.stripe_id: coupon for coupon in coupons}
    return [_describe_code(code, known.get(code.coupon or "")) for code in codes]


def _describe_code(code: PromotionCode, coupon: Coupon | None) -> Entry:
    label = f"{code.code}: {coupon_in_words(coupon)}" if coupon else code.code
    notes = [
        _left(code),
        "for one customer only" if code.customer else "",
        "first purchase only" if code.first_time_transaction else "",
    ]
    note = ", ".join(note for note in notes if note)
    return Entry(code.stripe_id, label, "", note, _why_no_code(code, coupon), code, coupon)


def _left(entry: Coupon | PromotionCode) -> str:
    if entry.max_redemptions is None:
        return ""
    return f"{max(entry.max_redemptions - entry.times_redeemed, 0)} left"


def _why_no_code(code: PromotionCode, coupon: Coupon | None) -> str:
    if code.expires_at and code.expires_at <= timezone.now():
        return "has expired"
    if code.max_redemptions is not None and code.times_redeemed >= code.max_redemptions:
        return "is used up"
    if not code.active:
        return "is archived at Stripe"
    return _why_no_coupon(coupon) if coupon else ""
