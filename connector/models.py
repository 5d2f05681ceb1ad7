"""The connection of one Engage App to one Stripe account."""

import uuid

from django.db import models

from connector.crypto import EncryptedField


class Connection(models.Model):
    """One Stripe account in one mode, as one App uses it. Traits, mirrors and actions hang on it."""

    class Method(models.TextChoices):
        CONNECT = "connect", "Stripe Connect"
        API_KEY = "api_key", "API key"

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        ACTIVE = "active", "Active"
        INACTIVE = "inactive", "Inactive"
        REVOKED = "revoked", "Disconnected"
        ERROR = "error", "Error"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    app_id = models.UUIDField()
    method = models.CharField(max_length=10, choices=Method)
    livemode = models.BooleanField()
    stripe_account_id = models.CharField(max_length=255, blank=True)
    display_name = models.CharField(max_length=255, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    status_reason = models.TextField(blank=True)

    api_key = EncryptedField()
    api_key_hint = models.CharField(max_length=40, blank=True)
    api_key_fingerprint = models.CharField(max_length=64, blank=True)
    api_key_saved_by = models.CharField(max_length=255, blank=True)
    api_key_saved_at = models.DateTimeField(null=True)

    webhook_secret = EncryptedField()
    previous_webhook_secret = EncryptedField()
    previous_webhook_secret_expires_at = models.DateTimeField(null=True)
    webhook_endpoint_id = models.CharField(max_length=255, blank=True)

    permissions = models.JSONField(default=dict)
    permissions_checked_at = models.DateTimeField(null=True)

    schedule_time = models.TimeField(default="02:00")
    email_only_on_trouble = models.BooleanField(default=False)

    last_event_at = models.DateTimeField(null=True)
    last_catalogue_at = models.DateTimeField(null=True)
    last_identities_at = models.DateTimeField(null=True)
    last_reconciliation_at = models.DateTimeField(null=True)

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["app_id", "livemode"],
                condition=~models.Q(status="revoked"),
                name="one_connection_per_app_and_mode",
            )
        ]
        indexes = [models.Index(fields=["stripe_account_id"], name="connection_by_account")]

    def __str__(self) -> str:
        return f"{self.display_name or self.stripe_account_id or 'Stripe'} ({self.mode})"

    @property
    def mode(self) -> str:
        return "live" if self.livemode else "test"
