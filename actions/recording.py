"""What is kept of an action: its outcome, both states, what follows from it, and the traits that it changed."""

import logging
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from actions import click_rows
from actions.models import ActionExecution, Execution, Status
from actions.outcomes import FollowUp, Outcome
from actions.stripe_state import snapshot
from connector.errors import ConnectorError
from connector.stripe_gateway import Fetched, StripeGateway
from sync.observations import apply_objects
from sync.refresh_queue import request_refresh

logger = logging.getLogger(__name__)


def record(step: ActionExecution, outcome: Outcome, *, answer: Fetched | None = None) -> None:
    """Save the outcome, what Stripe answered where it did, and what follows from it: all of it or nothing.

    An outcome that is final already stays, and ``step`` tells it.
    """
    step.status = outcome.status
    step.message = outcome.message
    step.code = outcome.code
    step.retryable = outcome.retryable
    step.url = outcome.url
    step.amounts = outcome.amounts
    step.apply_at = outcome.apply_at
    step.stripe_request_id = (answer.request_id if answer else outcome.request_id) or step.stripe_request_id
    if answer is not None:
        step.after = _state_after(answer.data)
    if outcome.status.is_settled:
        step.finished_at = timezone.now()
    if outcome.status is Status.PENDING or outcome.follow_up:
        with transaction.atomic():
            saved = click_rows.save_outcome(step)
            if saved:
                _save_consequences(step, outcome)
    else:
        saved = click_rows.save_outcome(step)
    if not saved:
        step.refresh_from_db()


def _save_consequences(step: ActionExecution, outcome: Outcome) -> None:
    if outcome.status is Status.PENDING:
        _replace_earlier(step, Q(action=step.action))
    if outcome.follow_up is not None:
        _plan(outcome.follow_up, step)


def replace_scheduled(step: ActionExecution, schedule: str) -> None:
    """The schedule was released for this action: the change that waited in it does not come any more."""
    _replace_earlier(step, Q(after__schedule=schedule))


def _replace_earlier(step: ActionExecution, which: Q) -> None:
    """Of two changes that wait for the same period's end, the later choice counts."""
    earlier = ActionExecution.objects.filter(
        which,
        execution__connection=step.execution.connection,
        subscription=step.subscription,
        status=Status.PENDING,
    )
    earlier.exclude(pk=step.pk).update(
        status=Status.SKIPPED, code="replaced", message="A later choice replaced this.", apply_at=None
    )


def _plan(follow_up: FollowUp, step: ActionExecution) -> None:
    """The follow-up as a click of its own that is pending; recording twice plans it once."""
    key = f"{step.idempotency_key}-{follow_up.action}"
    click = step.execution
    planned, is_new = Execution.objects.get_or_create(
        app_id=click.app_id,
        idempotency_key=key,
        defaults={
            "connection": click.connection,
            "prompt_id": click.prompt_id,
            "interaction": click.interaction,
            "user_id": click.user_id,
            "config_version": click.config_version,
            "source": click.source,
            "state": Execution.State.DONE,
        },
    )
    if is_new:
        ActionExecution.objects.create(
            execution=planned,
            position=0,
            action=follow_up.action,
            parameters=follow_up.parameters,
            target=step.target,
            on_error=step.on_error,
            idempotency_key=key,
            status=Status.PENDING,
            message="This is done later.",
            customer=step.customer,
            subscription=step.subscription,
            before=step.after,
            apply_at=follow_up.apply_at,
        )


def _state_after(answer: dict[str, Any]) -> dict[str, Any]:
    match answer.get("object"):
        case "subscription":
            return snapshot(answer)
        case "subscription_schedule":
            return {"schedule": answer["id"]}
        case _:
            return {"id": answer.get("id"), "status": answer.get("status")}


def apply_answer(step: ActionExecution, answer: Fetched, gateway: StripeGateway) -> None:
    """Bring the answer into the traits at once. The webhook will say the same, so a failure here costs only time."""
    if answer.data.get("object") != "subscription":
        return
    connection = step.execution.connection
    try:
        if not answer.rank:  # an answer that Stripe had stored for the key says nothing about now
            expand = (step.request or {}).get("params", {}).get("expand", ())
            answer = gateway.retrieve("subscriptions", answer.data["id"], expand=expand)
        source = {"request": answer.request_id}
        apply_objects(connection=connection, objects=[answer.data], rank=answer.rank, source=source)
    except ConnectorError:
        request_refresh(connection_id=connection.id, stripe_id=step.customer, reason="after a click")
    except Exception:
        logger.exception("Traits after a click were not updated", extra={"execution": str(step.execution_id)})
