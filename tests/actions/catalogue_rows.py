"""A mirrored catalogue without a merchant: rows as the sync would have written them."""

from typing import Any

from connector.models import Connection
from sync.models import Coupon, Price, Product, PromotionCode


def plan(connection: Connection, name: str, amount: int = 2000, **fields: Any) -> str:
    """``price_pro`` of ``prod_pro`` for ``Pro``; dollars a month unless ``fields`` say otherwise."""
    key = name.lower()
    Product.objects.get_or_create(
        connection=connection, stripe_id=f"prod_{key}", defaults={"name": name, "rank": 1}
    )
    terms = {"currency": "usd", "interval": "month", "interval_count": 1, "stripe_id": f"price_{key}"}
    return Price.objects.create(
        connection=connection, product=f"prod_{key}", unit_amount=amount, rank=1, **{**terms, **fields}
    ).stripe_id


def coupon(connection: Connection, name: str, **fields: Any) -> str:
    """``STAY`` for ``Stay``; 20 % off once unless ``fields`` say otherwise."""
    terms = {"percent_off": 20, "duration": "once", "name": name}
    return Coupon.objects.create(
        connection=connection, stripe_id=name.upper(), rank=1, **{**terms, **fields}
    ).stripe_id


def code(connection: Connection, name: str, coupon: str, **fields: Any) -> str:
    """``promo_STAY`` for ``STAY``."""
    return PromotionCode.objects.create(
        connection=connection, stripe_id=f"promo_{name}", code=name, coupon=coupon, rank=1, **fields
    ).stripe_id
