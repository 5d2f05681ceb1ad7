"""Read products, prices, coupons and promotion codes in any API version since 2019-01. Pure: JSON in, facts out."""

from collections.abc import Callable

from sync.facts import CouponFact, Json, PriceFact, ProductFact, PromotionCodeFact, Reading
from sync.json_fields import (
    decimal_text,
    flag,
    integer,
    listed,
    record,
    reference,
    required_text,
    small,
    text,
    time,
)

_COUNT = 2**31 - 1


def number(amount: str | None) -> int | float | None:
    """A decimal string as the number JSON has for it: whole amounts as integers."""
    if amount is None:
        return None
    return float(amount) if "." in amount else int(amount)


def read_product(data: Json) -> Reading:
    return Reading(
        facts=[
            ProductFact(
                stripe_id=required_text(data, "id"),
                deleted=flag(data, "deleted") or False,
                name=text(data, "name", 512),
                active=flag(data, "active") is not False,
            )
        ]
    )


def read_price(data: Json) -> Reading:
    """A price, or the plan that it replaced on 2020-08-27."""
    terms = record(data, "recurring") or data
    fact = PriceFact(
        stripe_id=required_text(data, "id"),
        deleted=flag(data, "deleted") or False,
        product=reference(data, "product"),
        currency=text(data, "currency", 3),
        nickname=text(data, "nickname", 512),
        active=flag(data, "active") is not False,
        currency_options=record(data, "currency_options") or None,
        unit_amount=decimal_text(data, "unit_amount_decimal")
        or decimal_text(data, "unit_amount")
        or decimal_text(data, "amount_decimal")
        or decimal_text(data, "amount"),
        billing_scheme=text(data, "billing_scheme", 32),
        interval=text(terms, "interval", 16),
        interval_count=small(terms, "interval_count"),
        usage_type=text(terms, "usage_type", 16),
        created=time(data, "created"),
    )
    reading = Reading(facts=[fact])
    product = data.get("product")
    if isinstance(product, dict):
        reading.add(read_product(product))
    return reading


def read_coupon(data: Json) -> Reading:
    applies_to = record(data, "applies_to")
    return Reading(
        facts=[
            CouponFact(
                stripe_id=required_text(data, "id"),
                deleted=flag(data, "deleted") or False,
                duration=text(data, "duration", 16),
                name=text(data, "name", 512),
                valid=flag(data, "valid") is not False,
                amount_off=integer(data, "amount_off"),
                percent_off=decimal_text(data, "percent_off"),
                currency=text(data, "currency", 3),
                duration_in_months=small(data, "duration_in_months", _COUNT),
                redeem_by=time(data, "redeem_by"),
                max_redemptions=small(data, "max_redemptions", _COUNT),
                times_redeemed=small(data, "times_redeemed", _COUNT) or 0,
                applies_to_products=listed(applies_to, "products") if applies_to else None,
                currency_options=record(data, "currency_options") or None,
                created=time(data, "created"),
            )
        ]
    )


def read_promotion_code(data: Json) -> Reading:
    """A code; since 2025-09-30.clover its coupon is in ``promotion``.

    https://docs.stripe.com/changelog/clover/2025-09-30/polymorphic-coupon
    """
    holder = record(data, "promotion") if data.get("coupon") is None else data
    restrictions = record(data, "restrictions")
    fact = PromotionCodeFact(
        stripe_id=required_text(data, "id"),
        deleted=flag(data, "deleted") or False,
        code=text(data, "code", 512),
        coupon=reference(holder, "coupon"),
        active=flag(data, "active") is not False,
        customer=reference(data, "customer"),
        expires_at=time(data, "expires_at"),
        max_redemptions=small(data, "max_redemptions", _COUNT),
        times_redeemed=small(data, "times_redeemed", _COUNT) or 0,
        first_time_transaction=flag(restrictions, "first_time_transaction") or False,
        minimum_amount=integer(restrictions, "minimum_amount"),
        minimum_amount_currency=text(restrictions, "minimum_amount_currency", 3),
        created=time(data, "created"),
    )
    reading = Reading(facts=[fact])
    coupon = holder.get("coupon")
    if isinstance(coupon, dict):
        reading.add(read_coupon(coupon))
    return reading


READERS: dict[str, Callable[[Json], Reading]] = {
    "product": read_product,
    "price": read_price,
    "plan": read_price,
    "coupon": read_coupon,
    "promotion_code": read_promotion_code,
}
