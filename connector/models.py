"""The connection of one Engage App to one Stripe account, and what belongs to it."""

import uuid
from datetime import time

from django.db import models
from django.utils import timezone

from connector.crypto import EncryptedField, Secret


class WebhookReceiver(models.Model):
    """A webhook endpoint at Stripe that delivers to us: its id where we made it, and the secrets it signs with."""

    webhook_endpoint_id = models.CharField(max_length=255, blank=True)
    webhook_secret = EncryptedField()
    previous_webhook_secret = EncryptedField()
    previous_webhook_secret_expires_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    def accepted_secrets(self) -> list[Secret]:
        """The current signing secret, and the former one while a roll is under way."""
        expiry = self.previous_webhook_secret_expires_at
        former = [self.previous_webhook_secret] if expiry and expiry > timezone.now() else []
        return [secret for secret in (self.webhook_secret, *former) if secret]


class Connection(WebhookReceiver):
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
    trouble_reported_at = models.DateTimeField(null=True)

    api_key = EncryptedField()
    api_key_hint = models.CharField(max_length=40, blank=True)
    api_key_fingerprint = models.CharField(max_length=64, blank=True)
    api_key_saved_by = models.CharField(max_length=255, blank=True)
    api_key_saved_at = models.DateTimeField(null=True)

    webhook_check_started_at = models.DateTimeField(null=True)

    permissions = models.JSONField(default=dict)
    permissions_checked_at = models.DateTimeField(null=True)

    schedule_time = models.TimeField(default=time(2))
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


class ReplacementKey(models.Model):
    """A new API key that lacks required permissions, kept beside the working one until it passes."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="replacement")
    api_key = EncryptedField()
    hint = models.CharField(max_length=40)
    fingerprint = models.CharField(max_length=64)
    saved_by = models.CharField(max_length=255)
    saved_at = models.DateTimeField()
    permissions = models.JSONField(default=dict)


class OAuthAttempt(models.Model):
    """One press of *Connect with Stripe*. Its ``state`` is kept as a hash; it works once, for minutes."""

    state_hash = models.CharField(max_length=64, unique=True)
    session_hash = models.CharField(max_length=64)
    app_id = models.UUIDField()
    livemode = models.BooleanField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class PlatformEndpoint(WebhookReceiver):
    """The platform's one Connect webhook endpoint of a mode. ``install_id`` marks it as ours at Stripe."""

    livemode = models.BooleanField(unique=True)
    install_id = models.UUIDField(default=uuid.uuid4, editable=False)
    trouble = models.TextField(blank=True)
    checked_at = models.DateTimeField(null=True)
    repaired = models.TextField(blank=True)
    repaired_at = models.DateTimeField(null=True)


class AuditEntry(models.Model):
    """One change of settings: who, when, what, from where. Holds no secret."""

    app_id = models.UUIDField()
    connection = models.ForeignKey(Connection, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    actor = models.CharField(max_length=255)
    origin = models.CharField(max_length=255)
    action = models.CharField(max_length=64)
    summary = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["app_id", "-at"], name="audit_newest")]
