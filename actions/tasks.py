"""Doors for the background work of clicks."""

from uuid import UUID

from celery import shared_task

from actions import due_changes, settling


@shared_task(name="actions.settle_unsettled")
def settle_unsettled() -> None:
    """Beat: find executions that are not final and settle each in a task of its own."""
    for execution_id in settling.claim_unsettled():
        settle_execution.delay(str(execution_id))


@shared_task(name="actions.settle_execution")
def settle_execution(execution_id: str) -> None:
    settling.settle(UUID(execution_id))


@shared_task(name="actions.apply_due_changes")
def apply_due_changes() -> None:
    """Beat: find changes that wait for the end of a period and make each in a task of its own."""
    for action_id in due_changes.claim_due():
        apply_due_change.delay(action_id)


@shared_task(name="actions.apply_due_change")
def apply_due_change(action_id: int) -> None:
    due_changes.apply_change(action_id)
