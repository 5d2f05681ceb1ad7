"""The inbox: every verified event, stored before it is acknowledged."""

from django.db import models

from connector.models import Connection


class StripeEvent(models.Model):
    """``payload`` is the event's JSON as Stripe sent it; it expires, the row stays for deduplication.

    Most payloads lie beside the rows (``toast_tuple_target``), so that marking an event does not write them again:
    https://www.postgresql.org/docs/current/storage-toast.html

    ``customer`` is whom it was about, once it was read; null for products and the like.
    """

    class State(models.TextChoices):
        RECEIVED = "received", "Received"
        APPLIED = "applied", "Applied"
        IGNORED = "ignored", "Ignored"
        FAILED = "failed", "Failed"

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+", db_index=False)
    event_id = models.CharField(max_length=255)
    type = models.CharField(max_length=255)
    created = models.DateTimeField()
    api_version = models.CharField(max_length=64, blank=True)
    livemode = models.BooleanField()
    payload = models.TextField(null=True)
    customer = models.CharField(max_length=255, null=True)
    state = models.CharField(max_length=10, choices=State, default=State.RECEIVED)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(auto_now_add=True)
    error = models.TextField(blank=True)
    received_at = models.DateTimeField(auto_now_add=True)
    applied_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "event_id"], name="event_once_per_connection")
        ]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(state="received"), name="event_waiting"),
            models.Index(fields=["connection"], condition=models.Q(state="failed"), name="event_failed"),
            models.Index(fields=["connection", "-created"], name="event_newest"),
            models.Index(
                fields=["connection", "customer", "-created"],
                condition=models.Q(customer__isnull=False),
                name="event_by_customer",
            ),
        ]
