"""Who an end user is at Stripe, and the fifteen traits that follow from it."""

import json
from typing import Any

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Lower


class Identity(models.Model):
    """The customer's own ``user_id`` and what it maps to. ``stripe_id`` wins over ``email_address``."""

    pk = models.CompositePrimaryKey("app_id", "user_id")
    app_id = models.UUIDField()
    user_id = models.CharField(max_length=512)
    stripe_id = models.CharField(max_length=255, null=True)
    email_address = models.CharField(max_length=512, null=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [
            models.Index(fields=["app_id", "stripe_id"], name="identity_by_stripe_id"),
            models.Index(  # nobody is found by an email address that a stripe_id overrules
                "app_id", Lower("email_address"), name="identity_by_email_only", condition=models.Q(stripe_id=None)
            ),
        ]


class UserTraits(models.Model):
    """The fifteen traits of one end user in one mode, named as in the product guide; null where there is none.

    ``sources`` is JSON, ``[[source, [trait, …]], …]``: what set the traits, each once, as most of them change together.
    A source is ``{"event": "evt_…"}``, ``{"request": "req_…"}`` or ``{"run": "…"}``, with ``"at"`` (Stripe's time) and
    ``"set_at"`` (ours), both in epoch seconds. It is text as PostgreSQL only keeps it. ``version`` is
    the id of the transaction that last changed the row: it grows with every change and is the cursor of
    ``GET traits/?updated_since=``.
    """

    app_id = models.UUIDField()
    livemode = models.BooleanField()
    user_id = models.CharField(max_length=512)

    subscription_status = models.CharField(max_length=64, default="NONE")
    delinquent = models.BooleanField(null=True)
    current_period_start = models.DateTimeField(null=True)
    current_period_end = models.DateTimeField(null=True)
    canceled_at = models.DateTimeField(null=True)
    cancel_at_period_end = models.BooleanField(null=True)
    trial_start = models.DateTimeField(null=True)
    trial_end = models.DateTimeField(null=True)
    subscription_plan = models.CharField(max_length=512, null=True)
    recurring_interval = models.CharField(max_length=16, null=True)
    coupon = models.CharField(max_length=512, null=True)
    payment_card_brand = models.CharField(max_length=64, null=True)
    payment_card_country = models.CharField(max_length=2, null=True)
    payment_card_expiration = models.DateField(null=True)
    payment_card_wallet_type = models.CharField(max_length=64, null=True)

    customer = models.CharField(max_length=255, null=True)
    subscription = models.CharField(max_length=255, null=True)
    sources = models.TextField(default="[]")
    version = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["app_id", "livemode", "user_id"], name="traits_once_per_user_and_mode")
        ]
        indexes = [
            # For readers of changes. Without the condition PostgreSQL may take it for a look at one user, as long as it
            # knows little of the table: then the first minutes of an App read all its rows for each of them.
            models.Index(
                fields=["app_id", "livemode", "version"],
                condition=models.Q(version__gt=0),
                name="traits_by_version",
            )
        ]

    def source_of(self, trait: str) -> dict[str, Any]:
        """What set the trait; empty where nothing has."""
        return next((source for source, traits in json.loads(self.sources) if trait in traits), {})


class TraitHistory(models.Model):
    """What one source changed: ``changes`` maps a trait's name to ``[before, after]``. Kept 90 days."""

    app_id = models.UUIDField()
    livemode = models.BooleanField()
    user_id = models.CharField(max_length=512)
    changes = models.JSONField()
    source = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["app_id", "user_id", "-at"], name="history_by_user"),
            BrinIndex(fields=["at"], name="history_by_time"),
        ]
