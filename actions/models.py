"""What a prompt's interaction does at Stripe, and what happened when it did."""

import uuid
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from connector.prepared import Prepared, given
from sync.models import Identity, Price

_IDENTITY = Prepared(lambda: Identity.objects.filter(app_id=given("app_id"), user_id=given("user_id")))


class Interaction(models.TextChoices):
    """What an end user does with a prompt; exactly five."""

    ACCEPT = "accept", "Accept"
    SECONDARY_ACCEPT = "secondary_accept", "Secondary accept"
    DECLINE = "decline", "Decline"
    DISMISS = "dismiss", "Dismiss"
    TIMEOUT = "timeout", "Timeout"


class OnError(models.TextChoices):
    """Whether later actions of the interaction run when this one fails."""

    STOP = "stop", "Stop"
    CONTINUE = "continue", "Continue"


class Status(models.TextChoices):
    """The outcome of one action. ``running`` and ``unknown`` are being settled, all others are final."""

    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Succeeded"
    NO_OP = "no_op", "Nothing to do"
    FAILED = "failed", "Failed"
    REQUIRES_ACTION = "requires_action", "Requires action"
    PENDING = "pending", "Pending"
    UNKNOWN = "unknown", "Being settled"
    NOT_ALLOWED = "not_allowed", "Not allowed"
    SKIPPED = "skipped", "Skipped"

    @property
    def is_settled(self) -> bool:
        return self not in {Status.RUNNING, Status.UNKNOWN}

    @property
    def is_error(self) -> bool:
        """Whether *Stop* ends the interaction here."""
        return self in {Status.FAILED, Status.NOT_ALLOWED, Status.REQUIRES_ACTION}


class ActionConfig(models.Model):
    """One action on one interaction of one prompt. ``target`` is a list of price ids; null means the user's
    current subscription by the trait rule.
    """

    app_id = models.UUIDField()
    prompt_id = models.CharField(max_length=255)
    interaction = models.CharField(max_length=20, choices=Interaction)
    position = models.PositiveSmallIntegerField()
    action = models.CharField(max_length=64)
    parameters = models.JSONField(default=dict)
    target = models.JSONField(null=True)
    on_error = models.CharField(max_length=10, choices=OnError, default=OnError.STOP)
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["app_id", "prompt_id", "interaction", "position"],
                name="one_action_per_position",
                deferrable=models.Deferrable.DEFERRED,
            )
        ]


class ConfigChange(models.Model):
    """Who changed an interaction's actions, when, and to what (the body of the API's ``PUT``)."""

    app_id = models.UUIDField()
    prompt_id = models.CharField(max_length=255)
    interaction = models.CharField(max_length=20, choices=Interaction)
    changed_by = models.CharField(max_length=255)
    changed_at = models.DateTimeField(auto_now_add=True)
    actions = models.JSONField(default=list)

    class Meta:
        indexes = [
            models.Index(fields=["app_id", "prompt_id", "-changed_at"], name="config_change_newest"),
        ]


class ActionLimit(models.Model):
    """What holds clicks back on one connection: for one action, or for every action where ``action`` is
    empty.

    ``paused`` is the kill switch; caps count changes that reached Stripe, per calendar day in UTC; ``plans``
    are price ids that *Override price* may be used on.
    """

    connection = models.ForeignKey("stripe_connector.Connection", on_delete=models.CASCADE, related_name="+")
    action = models.CharField(max_length=64, blank=True)
    paused = models.BooleanField(default=False)
    per_user_per_day = models.PositiveIntegerField(null=True, blank=True)
    per_day = models.PositiveIntegerField(null=True, blank=True)
    cooldown_minutes = models.PositiveIntegerField(null=True, blank=True)
    plans = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "action"], name="one_limit_per_action"),
        ]


class Execution(models.Model):
    """One click: an interaction's actions, run in order, once per idempotency key.

    ``config_version`` fingerprints the actions as they were at the click; ``settle_at`` is when the settling
    task looks at it next, null once done.
    """

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"

    class Source(models.TextChoices):
        API = "api", "API"
        BROWSER = "browser", "Browser"
        CONSOLE = "console", "Console"
        COMMAND = "command", "Command"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    app_id = models.UUIDField()
    # Connections are replaced, not deleted: nobody looks for the clicks of one.
    connection = models.ForeignKey(
        "stripe_connector.Connection", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    prompt_id = models.CharField(max_length=255)
    interaction = models.CharField(max_length=20, choices=Interaction)
    user_id = models.CharField(max_length=512)
    idempotency_key = models.CharField(max_length=255)
    config_version = models.CharField(max_length=16)
    source = models.CharField(max_length=10, choices=Source, default=Source.API)
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    created_at = models.DateTimeField(auto_now_add=True)
    settle_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["idempotency_key", "app_id"], name="execution_once_per_key")
        ]
        indexes = [
            models.Index(fields=["user_id", "created_at", "app_id"], name="execution_of_user"),
            models.Index(fields=["app_id", "-created_at"], name="execution_newest"),
            models.Index(fields=["settle_at"], condition=models.Q(state="running"), name="execution_to_settle"),
        ]

    @cached_property
    def steps(self) -> "list[ActionExecution]":
        """Its actions in order, read once."""
        return list(self.actions.all())

    @cached_property
    def identity(self) -> Identity | None:
        """What links the user to Stripe, read once."""
        return _IDENTITY.first(app_id=self.app_id, user_id=self.user_id)

    @cached_property
    def plans(self) -> Mapping[str, Price]:
        """What was read of its actions' plans when it was opened, by price id; nothing where it is gone on with."""
        return {}

    @property
    def duration(self) -> timedelta | None:
        """From the click to its last outcome, settling included; None while one is open."""
        return self.finished_at - self.created_at if self.finished_at else None


class ActionExecution(models.Model):
    """One action of an execution: the request, what Stripe answered, and what the user is told.

    ``request`` is null until everything that the request needs is decided, and is saved before it is sent:
    whoever finds the row afterwards repeats exactly it. ``before`` and ``after`` are
    ``actions.stripe_state.snapshot``s. ``apply_at`` is set where our own scheduler makes the change later.
    ``seconds_at_stripe`` is how long its requests to Stripe took, reads and repetitions included. ``known_rank`` is
    that of the mirrored subscription when this process saved the request.
    """

    known_rank: int | None = None

    # The constraint's index serves it.
    execution = models.ForeignKey(Execution, on_delete=models.CASCADE, related_name="actions", db_index=False)
    position = models.PositiveSmallIntegerField()
    action = models.CharField(max_length=64)
    parameters = models.JSONField(default=dict)
    target = models.JSONField(null=True)
    on_error = models.CharField(max_length=10, choices=OnError)
    idempotency_key = models.CharField(max_length=255)
    status = models.CharField(max_length=16, choices=Status, default=Status.RUNNING)
    message = models.TextField(blank=True)
    code = models.CharField(max_length=64, blank=True)
    retryable = models.BooleanField(default=False)
    url = models.URLField(max_length=2048, blank=True)
    customer = models.CharField(max_length=255, blank=True)
    subscription = models.CharField(max_length=255, blank=True)
    request = models.JSONField(null=True)
    stripe_request_id = models.CharField(max_length=255, blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    amounts = models.JSONField(default=dict)
    apply_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    seconds_at_stripe = models.FloatField(default=0, db_default=0)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["execution", "position"], name="one_outcome_per_position"),
            # Not ``unique``, which makes another index, for LIKE.
            models.UniqueConstraint(fields=["idempotency_key"], name="one_action_per_key"),
        ]
        indexes = [
            models.Index(fields=["apply_at"], condition=models.Q(status="pending"), name="action_to_apply"),
            models.Index(fields=["subscription"], condition=models.Q(status="pending"), name="action_waiting"),
            BrinIndex(fields=["started_at"], name="action_by_time"),
        ]

    @property
    def label(self) -> str:
        """The action in words, also of one that the registry no longer has."""
        return self.action.replace("_", " ").capitalize()
