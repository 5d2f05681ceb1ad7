"""What a prompt's interaction does at Stripe, and what happened when it did."""

import uuid

from django.db import models


class Interaction(models.TextChoices):
    """What an end user does with a prompt; exactly five."""

    ACCEPT = "accept", "Accept"
    SECONDARY_ACCEPT = "secondary_accept", "Secondary accept"
    DECLINE = "decline", "Decline"
    DISMISS = "dismiss", "Dismiss"
    TIMEOUT = "timeout", "Timeout"


class ActionConfig(models.Model):
    """One action on one interaction of one prompt. ``target`` is a list of price ids; null means the user's current
    subscription by the trait rule."""

    class OnError(models.TextChoices):
        STOP = "stop", "Stop"
        CONTINUE = "continue", "Continue"

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


class Execution(models.Model):
    """One click: an interaction's actions, run in order, once per idempotency key."""

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    app_id = models.UUIDField()
    connection = models.ForeignKey("stripe_connector.Connection", on_delete=models.CASCADE, related_name="+")
    prompt_id = models.CharField(max_length=255)
    interaction = models.CharField(max_length=20, choices=Interaction)
    user_id = models.CharField(max_length=512)
    idempotency_key = models.CharField(max_length=255)
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["app_id", "idempotency_key"], name="execution_once_per_key")
        ]
        indexes = [models.Index(fields=["app_id", "user_id", "-created_at"], name="execution_by_user")]


class ActionExecution(models.Model):
    """One action of an execution: the request, what Stripe answered, and what the user is told."""

    class Status(models.TextChoices):
        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Succeeded"
        NO_OP = "no_op", "Nothing to do"
        FAILED = "failed", "Failed"
        REQUIRES_ACTION = "requires_action", "Requires action"
        PENDING = "pending", "Pending"
        UNKNOWN = "unknown", "Being settled"
        NOT_ALLOWED = "not_allowed", "Not allowed"
        SKIPPED = "skipped", "Skipped"

    execution = models.ForeignKey(Execution, on_delete=models.CASCADE, related_name="actions")
    position = models.PositiveSmallIntegerField()
    action = models.CharField(max_length=64)
    parameters = models.JSONField(default=dict)
    target = models.JSONField(null=True)
    on_error = models.CharField(max_length=10)
    idempotency_key = models.CharField(max_length=255, unique=True)
    status = models.CharField(max_length=16, choices=Status, default=Status.RUNNING)
    message = models.TextField(blank=True)
    code = models.CharField(max_length=64, blank=True)
    retryable = models.BooleanField(default=False)
    url = models.URLField(max_length=2048, blank=True)
    request = models.JSONField(default=dict)
    stripe_request_id = models.CharField(max_length=255, blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["execution", "position"], name="one_outcome_per_position")
        ]
