"""Reads of configurations and executions. Every one starts from an App."""

from datetime import timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from actions.models import ActionConfig, Execution
from connector.errors import NotFoundError

SAME_CLICK = timedelta(seconds=10)


def configured_actions(*, app_id: UUID, prompt_id: str, interaction: str) -> list[ActionConfig]:
    """The interaction's actions in order, disabled ones included."""
    return list(ActionConfig.objects.filter(app_id=app_id, prompt_id=prompt_id, interaction=interaction))


def enabled_actions(*, app_id: UUID, prompt_id: str, interaction: str) -> list[ActionConfig]:
    """The interaction's actions that a click runs, in order."""
    return list(
        ActionConfig.objects.filter(app_id=app_id, prompt_id=prompt_id, interaction=interaction, enabled=True)
    )


def recent_execution(wanted: Execution, *, idempotency_key: str | None) -> Execution | None:
    """The execution that answers this click already: by its key, else by what it does within ten seconds."""
    of_app = Execution.objects.filter(app_id=wanted.app_id)
    of_app = of_app.select_related("connection").prefetch_related("actions")
    if idempotency_key:
        return of_app.filter(idempotency_key=idempotency_key).first()
    return (
        of_app.filter(
            prompt_id=wanted.prompt_id,
            interaction=wanted.interaction,
            user_id=wanted.user_id,
            config_version=wanted.config_version,
            created_at__gt=timezone.now() - SAME_CLICK,
        )
        .order_by("-created_at")
        .first()
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
