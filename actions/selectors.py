"""Reads of configurations and executions. Every one starts from an App."""

from datetime import timedelta
from uuid import UUID

from django.db.models import DurationField, QuerySet
from django.db.models.functions import Now

from actions.models import ActionConfig, Execution
from connector.errors import NotFoundError
from connector.prepared import Prepared, given

SAME_CLICK = timedelta(seconds=10)

_ENABLED = Prepared(
    lambda: ActionConfig.objects.filter(
        app_id=given("app_id"), prompt_id=given("prompt_id"), interaction=given("interaction"), enabled=True
    )
)
_BY_KEY = Prepared(lambda: Execution.objects.filter(app_id=given("app_id"), idempotency_key=given("key")))
_SAME_CLICK = Prepared(
    lambda: Execution.objects.filter(
        app_id=given("app_id"),
        prompt_id=given("prompt_id"),
        interaction=given("interaction"),
        user_id=given("user_id"),
        config_version=given("config_version"),
        created_at__gt=Now() - given("age", DurationField()),
    ).order_by("-created_at")[:1]
)


def configured_actions(*, app_id: UUID, prompt_id: str, interaction: str) -> list[ActionConfig]:
    """The interaction's actions in order, disabled ones included."""
    return list(ActionConfig.objects.filter(app_id=app_id, prompt_id=prompt_id, interaction=interaction))


def enabled_actions(*, app_id: UUID, prompt_id: str, interaction: str) -> list[ActionConfig]:
    """The interaction's actions that a click runs, in order."""
    return _ENABLED.all(app_id=app_id, prompt_id=prompt_id, interaction=interaction)


def recent_execution(wanted: Execution, *, idempotency_key: str | None, within: timedelta) -> Execution | None:
    """The execution that answers this click already: by its key, else by what it did ``within`` that time."""
    if idempotency_key:
        return _BY_KEY.first(app_id=wanted.app_id, key=idempotency_key)
    return _SAME_CLICK.first(
        app_id=wanted.app_id,
        prompt_id=wanted.prompt_id,
        interaction=wanted.interaction,
        user_id=wanted.user_id,
        config_version=wanted.config_version,
        age=within,
    )


def clicks_of_user(*, app_id: UUID, user_id: str = "") -> QuerySet[Execution]:
    """The App's executions with their actions, newest first; of one user where ``user_id`` is given."""
    executions = Execution.objects.filter(app_id=app_id).order_by("-created_at").prefetch_related("actions")
    return executions.filter(user_id=user_id) if user_id else executions


def get_execution(*, app_id: UUID, execution_id: UUID) -> Execution:
    """One execution of the App, with its actions. Raises ``NotFoundError``."""
    execution = Execution.objects.filter(app_id=app_id, id=execution_id).prefetch_related("actions").first()
    if execution is None:
        raise NotFoundError("execution_not_found", "This App has no such execution.")
    return execution
