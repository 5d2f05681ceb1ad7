"""Plans, coupons and codes as the pickers and the projection need them. ``rank`` as in ``sync.models.mirrors``."""

from django.db import models

from sync.models.mirrors import Mirrored


class Product(Mirrored):
    name = models.CharField(max_length=512)
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "stripe_id"], name="product_once")]


class Price(Mirrored):
    """``unit_amount`` is in minor units, null for tiered and custom prices; ``interval`` null for one-time prices."""

    product = models.CharField(max_length=255)
    nickname = models.CharField(max_length=512, null=True)
    active = models.BooleanField(default=True)
    currency = models.CharField(max_length=3)
    currency_options = models.JSONField(null=True)
    unit_amount = models.DecimalField(max_digits=24, decimal_places=12, null=True)
    billing_scheme = models.CharField(max_length=32, null=True)
    interval = models.CharField(max_length=16, null=True)
    interval_count = models.PositiveSmallIntegerField(null=True)
    usage_type = models.CharField(max_length=16, null=True)
    created = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "stripe_id"], name="price_once")]
        indexes = [models.Index(fields=["connection", "product"], name="price_by_product")]


class Coupon(Mirrored):
    name = models.CharField(max_length=512, null=True)
    valid = models.BooleanField(default=True)
    amount_off = models.BigIntegerField(null=True)
    percent_off = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    currency = models.CharField(max_length=3, null=True)
    currency_options = models.JSONField(null=True)
    duration = models.CharField(max_length=16)
    duration_in_months = models.PositiveIntegerField(null=True)
    redeem_by = models.DateTimeField(null=True)
    max_redemptions = models.PositiveIntegerField(null=True)
    times_redeemed = models.PositiveIntegerField(default=0)
    applies_to_products = models.JSONField(null=True)
    created = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "stripe_id"], name="coupon_once")]


class PromotionCode(Mirrored):
    code = models.CharField(max_length=512)
    coupon = models.CharField(max_length=255, null=True)
    active = models.BooleanField(default=True)
    customer = models.CharField(max_length=255, null=True)
    expires_at = models.DateTimeField(null=True)
    max_redemptions = models.PositiveIntegerField(null=True)
    times_redeemed = models.PositiveIntegerField(default=0)
    first_time_transaction = models.BooleanField(default=False)
    minimum_amount = models.BigIntegerField(null=True)
    minimum_amount_currency = models.CharField(max_length=3, null=True)
    created = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "stripe_id"], name="promotion_code_once")]
        indexes = [models.Index(fields=["connection", "code"], name="promotion_code_by_code")]
