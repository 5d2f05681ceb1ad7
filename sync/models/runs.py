"""Background runs: what was started, how far it is, what it found."""

import uuid

from django.db import models


class SyncRun(models.Model):
    """One identity import, catalogue sync or reconciliation. ``counts`` and ``report`` depend on the kind."""

    class Kind(models.TextChoices):
        IDENTITIES = "identities", "Identity CSV"
        CATALOGUE = "catalogue", "Plans and coupons"
        RECONCILIATION = "reconciliation", "Reconciliation"

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        STOPPED = "stopped", "Needs confirmation"
        DONE = "done", "Done"
        PARTIAL = "partial", "Partial"
        FAILED = "failed", "Failed"
        CANCELED = "canceled", "Canceled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    app_id = models.UUIDField()
    connection = models.ForeignKey(
        "stripe_connector.Connection", null=True, on_delete=models.CASCADE, related_name="+"
    )
    kind = models.CharField(max_length=16, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    started_by = models.CharField(max_length=255, blank=True)
    source = models.CharField(max_length=1024, blank=True)
    fingerprint = models.CharField(max_length=64, blank=True)
    options = models.JSONField(default=dict)
    progress = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)
    report = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["app_id", "kind", "-created_at"], name="run_newest")]


class RowError(models.Model):
    """A line of an identity file that was skipped, or kept with a remark. The first 1,000 of a run are kept."""

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="row_errors")
    line = models.PositiveBigIntegerField()
    code = models.CharField(max_length=64)
    message = models.CharField(max_length=512)
    row = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["run", "line"], name="row_error_by_line")]
