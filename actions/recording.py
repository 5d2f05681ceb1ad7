"""What is kept of an action: its outcome, both states, what follows from it, and the traits that it changed."""

import logging
from contextlib import nullcontext
from typing import Any

from django.db import transaction
from django.utils import timezone

from actions import click_rows
from actions.models import ActionExecution, Execution, Status
from actions.outcomes import FollowUp, Outcome
from actions.stripe_state import snapshot
from connector.errors import ConnectorError
from connector.stripe_gateway import Fetched, StripeGateway
from sync.observations import apply_objects
from sync.observed import settling_rank
from sync.refresh_queue import request_refresh

logger = logging.getLogger(__name__)


def record(
    action: ActionExecution, outcome: Outcome, *, answer: Fetched | None = None, lazily: bool = False
) -> None:
    """Save the outcome, what Stripe answered where it did, and what follows from it: all of it or nothing.

    An outcome that is final already stays, and ``action`` tells it. ``lazily`` as for ``click_rows.save_outcome``.
    """
    action.status = outcome.status
    action.message = outcome.message
    action.code = outcome.code
    action.retryable = outcome.retryable
    action.url = outcome.url
    action.amounts = outcome.amounts
    action.apply_at = outcome.apply_at
    action.stripe_request_id = (answer.request_id if answer else outcome.request_id) or action.stripe_request_id
    if answer is not None:
        action.after = _state_after(answer.data)
    if outcome.status.is_settled:
        action.finished_at = timezone.now()
    released = action.request["releases"] if answer is not None and action.request else ""
    with transaction.atomic() if released or outcome.follow_up else nullcontext():
        if not click_rows.save_outcome(action, replaces=outcome.replaces, lazily=lazily):
            action.refresh_from_db()
            return
        if released:
            _replace_scheduled(action, released)
        if outcome.follow_up is not None:
            _plan(outcome.follow_up, action)


def _replace_scheduled(action: ActionExecution, schedule: str) -> None:
    """The schedule was released for this action: the change that waited in it does not come any more."""
    earlier = ActionExecution.objects.filter(
        execution__connection=action.execution.connection,
        subscription=action.subscription,
        status=Status.PENDING,
        after__schedule=schedule,
    )
    earlier.exclude(pk=action.pk).update(
        status=Status.SKIPPED, code="replaced", message=click_rows.REPLACED, apply_at=None
    )


def _plan(follow_up: FollowUp, action: ActionExecution) -> None:
    """The follow-up as a click of its own that is pending; recording twice plans it once."""
    key = f"{action.idempotency_key}-{follow_up.action}"
    click = action.execution
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
            target=action.target,
            on_error=action.on_error,
            idempotency_key=key,
            status=Status.PENDING,
            message="This is done later.",
            customer=action.customer,
            subscription=action.subscription,
            before=action.after,
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


def record_answer(action: ActionExecution, outcome: Outcome, answer: Fetched, gateway: StripeGateway) -> None:
    """As ``record``, and brings the answer into the traits in the same commit, which does not wait for the disk: what
    a crash of the database takes back, the settling task asks Stripe for under the same key.

    The webhook will say what the answer says, so a failure there costs only time, and the outcome is saved without.
    """
    connection = action.execution.connection
    try:
        shown = _as_of_now(action, answer, gateway)
        with transaction.atomic():
            record(action, outcome, answer=answer, lazily=True)
            _apply(action, shown)
    except ConnectorError:
        record(action, outcome, answer=answer)
        request_refresh(connection_id=connection.id, stripe_id=action.customer, reason="after a click")
    except Exception:
        logger.exception("Traits after a click were not updated", extra={"execution": str(action.execution_id)})
        record(action, outcome, answer=answer)


def _apply(action: ActionExecution, shown: Fetched) -> None:
    """What the mirror knew before the request was sent is in its answer, also where Stripe's clock tells no difference,
    as between two actions of one click. What was said meanwhile may not be, so it is read again.
    """
    connection, known, rank = action.execution.connection, action.known_rank, shown.rank
    if known is not None and known >= rank and shown.data["id"] == action.subscription:
        rank = settling_rank(known)
    source = {"request": shown.request_id}
    apply_objects(connection=connection, objects=[shown.data], rank=rank, source=source)
    if rank > shown.rank:  # after the mirror, as everybody locks in that order
        request_refresh(
            connection_id=connection.id,
            stripe_id=action.customer,
            reason="same second",
            min_rank=settling_rank(rank),
        )


def _as_of_now(action: ActionExecution, answer: Fetched, gateway: StripeGateway) -> Fetched:
    """An answer that Stripe had stored for the key says nothing about now."""
    if answer.rank:
        return answer
    expand = (action.request or {}).get("params", {}).get("expand", ())
    return gateway.retrieve("subscriptions", answer.data["id"], expand=expand)
