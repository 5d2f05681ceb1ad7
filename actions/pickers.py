"""What designers choose from: plans by product, coupons and codes, each in words that tell them apart."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from actions.parameters import Parameter, Picker
from actions.wording import coupon_in_words, plan_in_words
from connector.models import Connection
from sync.models import Coupon, Price, Product, PromotionCode

Choices = list[tuple[str, str]]
Groups = list[tuple[str, Choices]]


def plan_choices(connection: Connection) -> Groups:
    """Active recurring prices of active products, grouped by product: ``[("Pro", [("price_…", "Pro, $20 a
    month")])]``.
    """
    products = {product.stripe_id: product for product in _products(connection).filter(active=True)}
    prices = Price.objects.filter(connection=connection, deleted=False, active=True, interval__isnull=False)
    groups: dict[str, Choices] = {}
    for price in prices.filter(product__in=products).order_by("unit_amount", "stripe_id"):
        product = products[price.product]
        groups.setdefault(product.name, []).append((price.stripe_id, plan_in_words(price, product)))
    return sorted(groups.items())


def coupon_choices(connection: Connection) -> Choices:
    """Coupons that can be redeemed: discount, duration, and how many redemptions are left."""
    coupons = Coupon.objects.filter(connection=connection, deleted=False, valid=True).order_by("name", "stripe_id")
    return [(coupon.stripe_id, coupon_in_words(coupon) + _left(coupon)) for coupon in coupons]


def promotion_code_choices(connection: Connection) -> Choices:
    """Active promotion codes with what their coupon gives."""
    codes = PromotionCode.objects.filter(connection=connection, deleted=False, active=True).order_by("code")
    coupons = {coupon.stripe_id: coupon for coupon in Coupon.objects.filter(connection=connection)}
    return [(code.stripe_id, _code_in_words(code, coupons.get(code.coupon or "")) + _left(code)) for code in codes]


def _left(entry: Coupon | PromotionCode) -> str:
    if entry.max_redemptions is None:
        return ""
    return f", {max(entry.max_redemptions - entry.times_redeemed, 0)} left"


def _code_in_words(code: PromotionCode, coupon: Coupon | None) -> str:
    return f"{code.code}: {coupon_in_words(coupon)}" if coupon else code.code


def _products(connection: Connection) -> QuerySet[Product]:
    return Product.objects.filter(connection=connection, deleted=False)


def names_of(connection: Connection | None, references: Iterable[str]) -> dict[str, str]:
    """Plans, coupons and codes by id in words, archived and used-up ones included. What is gone is left out."""
    if connection is None:
        return {}
    where: dict[str, Any] = {"connection": connection, "deleted": False, "stripe_id__in": set(references)}
    prices = list(Price.objects.filter(**where))
    products = {
        product.stripe_id: product
        for product in _products(connection).filter(stripe_id__in={price.product for price in prices})
    }
    names = {price.stripe_id: plan_in_words(price, products.get(price.product)) for price in prices}
    names |= {coupon.stripe_id: coupon_in_words(coupon) for coupon in Coupon.objects.filter(**where)}
    return names | {code.stripe_id: code.code for code in PromotionCode.objects.filter(**where)}


def references_of(parameters: tuple[Parameter, ...], values: dict[str, Any]) -> list[str]:
    """The catalogue ids among an action's parameters."""
    pickers = {Picker.PLAN, Picker.COUPON, Picker.PROMOTION_CODE}
    return [values[one.name] for one in parameters if one.picker in pickers and values.get(one.name)]
