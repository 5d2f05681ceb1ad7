"""Background runs: what was started, how far it is, what it found."""

import uuid

from django.db import models

from connector.crypto import EncryptedField


class Night(models.Model):
    """One connection's nightly sync: identity files, then the catalogue, then the reconciliation.

    ``local_date`` is the date in the App's time zone; one row a night is what makes a second claim impossible.
    """

    class Step(models.TextChoices):
        IDENTITIES = "identities", "Identity files"
        CATALOGUE = "catalogue", "Plans and coupons"
        RECONCILIATION = "reconciliation", "Reconciliation"
        FINISHED = "finished", "Finished"

    connection = models.ForeignKey("stripe_connector.Connection", on_delete=models.CASCADE, related_name="+")
    local_date = models.DateField()
    step = models.CharField(max_length=16, choices=Step, default=Step.IDENTITIES)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "local_date"], name="one_night_per_date"),
            models.UniqueConstraint(
                fields=["connection"], condition=~models.Q(step="finished"), name="one_open_night"
            ),
        ]


class SyncRun(models.Model):
    """One identity import, catalogue sync or reconciliation. ``counts`` and ``report`` depend on the kind.

    ``fingerprint`` names the file's content at its source; ``options`` is how the run was asked for; ``follow_up``
    says that the result stands and that the file is not put away or the admins are not told yet.
    """

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

    OPEN = (State.QUEUED, State.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    app_id = models.UUIDField()
    connection = models.ForeignKey(
        "stripe_connector.Connection", null=True, on_delete=models.CASCADE, related_name="+"
    )
    night = models.ForeignKey(Night, null=True, on_delete=models.SET_NULL, related_name="runs")
    identity_source = models.ForeignKey(
        "IdentitySource", null=True, on_delete=models.SET_NULL, related_name="runs"
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
    cancel_requested = models.BooleanField(default=False)
    follow_up = models.BooleanField(default=False, db_default=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["app_id", "kind", "-created_at"], name="run_newest"),
            models.Index(fields=["app_id"], condition=models.Q(follow_up=True), name="run_to_follow_up"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["app_id"],
                condition=models.Q(kind="identities", state="running"),
                name="one_identity_import_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["connection", "kind"],
                condition=models.Q(kind__in=["catalogue", "reconciliation"], state__in=["queued", "running"]),
                name="one_open_run_per_kind",
            ),
        ]

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN


class RowError(models.Model):
    """A line of an identity file that was skipped, or kept with a remark. The first 1,000 of a run are kept."""

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="row_errors")
    line = models.PositiveBigIntegerField()
    code = models.CharField(max_length=64)
    message = models.CharField(max_length=512)
    row = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["run", "line"], name="row_error_by_line")]


class RunRange(models.Model):
    """One stretch of Stripe's ``created`` time that a reconciliation reads, newest first; its checkpoint.

    ``created_from`` is inclusive, ``created_until`` exclusive, both in epoch seconds, null is open; ``cursor`` is
    the id of the last object applied; ``first_rank`` the rank of the first page: what was seen has at least that;
    ``unsettled`` the customers that were read too early to be believed.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="ranges")
    resource = models.CharField(max_length=16)
    created_from = models.BigIntegerField()
    created_until = models.BigIntegerField(null=True)
    cursor = models.CharField(max_length=255, blank=True)
    first_rank = models.BigIntegerField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(auto_now_add=True)
    objects_read = models.PositiveIntegerField(default=0)
    requests_made = models.PositiveIntegerField(default=0)
    unsettled = models.JSONField(default=list)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "resource", "created_until"], nulls_distinct=False, name="ranges_do_not_repeat"
            )
        ]


class Drift(models.Model):
    """An object whose mirror was not what Stripe said. ``before`` and ``after`` hold the columns that differed.

    ``traits`` lists what it meant for users: ``{"user_id", "trait", "before", "after"}``. ``since`` is
    the last moment at which the mirror is known to have been right; null where it never was.
    """

    class Cause(models.TextChoices):
        EVENT_MISSING = "event_missing", "No event came"
        EVENT_FAILED = "event_failed", "An event came and failed"
        EVENT_LATE = "event_late", "The event came after this run"
        EVENT_WAITING = "event_waiting", "An event came and waits to be handled"
        NEVER_SUBSCRIBED = "never_subscribed", "Events of this kind never reach us"
        UNSETTLED = "unsettled", "It changed while it was read, and is read again soon"

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="drifts")
    resource = models.CharField(max_length=16)
    stripe_id = models.CharField(max_length=255)
    customer = models.CharField(max_length=255, blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    traits = models.JSONField(default=list)
    since = models.DateTimeField(null=True)
    cause = models.CharField(max_length=20, choices=Cause)
    event_id = models.CharField(max_length=255, blank=True)
    healed = models.BooleanField(default=True)
    found_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "resource", "stripe_id"], name="one_drift_per_object_and_run")
        ]


class PendingProjection(models.Model):
    """A user whose link changed and whose traits are not projected yet; written in the link's own transaction."""

    app_id = models.UUIDField()
    user_id = models.CharField(max_length=512)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["app_id", "user_id"], name="projected_once_per_user")]


class IdentitySource(models.Model):
    """Where nightly identity files come from: a folder or an object store, by URL.

    ``credentials`` is a JSON object of fsspec storage options, encrypted. ``unchanged_since`` has the moment at which
    a new file was first seen as it is, by fingerprint.
    """

    class AfterImport(models.TextChoices):
        MOVE = "move", "Move to the folder done/"
        TAG = "tag", "Tag the object as imported (S3 only)"
        LEAVE = "leave", "Leave where it is"

    app_id = models.UUIDField()
    connection = models.ForeignKey("stripe_connector.Connection", on_delete=models.CASCADE, related_name="+")
    url = models.CharField(max_length=1024)
    credentials = EncryptedField()
    mode = models.CharField(
        max_length=11, choices=[("full", "Full"), ("incremental", "Incremental")], default="incremental"
    )
    after_import = models.CharField(max_length=5, choices=AfterImport, default=AfterImport.MOVE)
    checked_at = models.DateTimeField(null=True)
    unchanged_since = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "url"], name="source_once_per_connection")]
