"""What Stripe last said about customers and what hangs on them, in as few columns as the traits need.

Every row carries ``rank``, its place in Stripe's own time. A webhook event created in second S has rank ``2 * S``;
a state fetched from Stripe that is known to include everything up to the end of second S has rank ``2 * S + 1``.
A fact replaces a row only with a higher rank, so arrival order never matters: a fetch beats every event of its own
second and loses to any later one. Two different events of the same second tie, and a tie is settled by a fetch.
"""

from django.db import models

from connector.models import Connection


class Mirrored(models.Model):
    """Columns of every mirrored object. ``deleted`` rows are tombstones: they keep their rank.

    The pages of customers and subscriptions have room for a new version of a row (``fillfactor``), so that writing one
    leaves the indexes alone: https://www.postgresql.org/docs/current/storage-hot.html
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+", db_index=False)
    stripe_id = models.CharField(max_length=255)
    rank = models.BigIntegerField()
    deleted = models.BooleanField(default=False)

    class Meta:
        abstract = True


class Customer(Mirrored):
    """``payment_failed`` is set by invoice events and has a rank of its own, as they carry no customer state."""

    email = models.CharField(max_length=512, null=True)
    created = models.DateTimeField(null=True)
    currency = models.CharField(max_length=3, null=True)
    delinquent = models.BooleanField(null=True)
    default_payment_method = models.CharField(max_length=255, null=True)
    default_source = models.CharField(max_length=255, null=True)
    discount = models.CharField(max_length=255, null=True)
    payment_failed = models.BooleanField(default=False, db_default=False)
    payment_rank = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "stripe_id"], name="customer_once_per_connection")
        ]
        indexes = [models.Index("connection", models.functions.Lower("email"), name="customer_by_email")]


class Subscription(Mirrored):
    """``items`` is a list of ``{id, price, product, quantity, unit_amount, currency, interval, interval_count,
    usage_type, created, current_period_start, current_period_end}`` (amounts in minor units, times in epoch seconds);
    ``discounts`` a list of discount ids, oldest first."""

    customer = models.CharField(max_length=255)
    status = models.CharField(max_length=64)
    created = models.DateTimeField()
    currency = models.CharField(max_length=3, null=True)
    current_period_start = models.DateTimeField(null=True)
    current_period_end = models.DateTimeField(null=True)
    cancel_at = models.DateTimeField(null=True)
    cancel_at_period_end = models.BooleanField(default=False)
    canceled_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    trial_start = models.DateTimeField(null=True)
    trial_end = models.DateTimeField(null=True)
    collection_method = models.CharField(max_length=32, null=True)
    billing_mode = models.CharField(max_length=32, null=True)
    collection_paused = models.CharField(max_length=32, null=True)
    schedule = models.CharField(max_length=255, null=True)
    default_payment_method = models.CharField(max_length=255, null=True)
    default_source = models.CharField(max_length=255, null=True)
    items = models.JSONField(default=list)
    discounts = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "stripe_id"], name="subscription_once_per_connection")
        ]
        indexes = [models.Index(fields=["connection", "customer"], name="subscription_by_customer")]


class Discount(Mirrored):
    """A coupon as it applies to one customer or subscription."""

    customer = models.CharField(max_length=255, null=True)
    subscription = models.CharField(max_length=255, null=True)
    coupon = models.CharField(max_length=255, null=True)
    promotion_code = models.CharField(max_length=255, null=True)
    start = models.DateTimeField(null=True)
    end = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "stripe_id"], name="discount_once_per_connection")
        ]
        indexes = [models.Index(fields=["connection", "customer"], name="discount_by_customer")]


class PaymentMethod(Mirrored):
    """A payment method or a legacy card source; ``card_*`` are null for anything but cards."""

    customer = models.CharField(max_length=255, null=True)
    type = models.CharField(max_length=64, null=True)
    card_brand = models.CharField(max_length=64, null=True)
    card_country = models.CharField(max_length=2, null=True)
    card_exp_month = models.SmallIntegerField(null=True)
    card_exp_year = models.SmallIntegerField(null=True)
    card_wallet_type = models.CharField(max_length=64, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "stripe_id"], name="payment_method_once_per_connection")
        ]
        indexes = [models.Index(fields=["connection", "customer"], name="payment_method_by_customer")]


class RefreshRequest(models.Model):
    """An object whose truth must be read from Stripe. Done once a fetch of at least ``min_rank`` is applied.

    An ``object_type`` of ``email`` asks who has that address, which stands in ``stripe_id``.

    ``created_at`` is when it was last asked for: what is asked while it is being done is not done with it.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    object_type = models.CharField(max_length=32, default="customer")
    stripe_id = models.CharField(max_length=512)
    min_rank = models.BigIntegerField(default=0)
    reason = models.CharField(max_length=255)
    not_before = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "object_type", "stripe_id"], name="refresh_once_per_object"
            )
        ]
        indexes = [models.Index(fields=["not_before"], name="refresh_by_time")]
