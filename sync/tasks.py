"""Doors for Celery. Each calls one service; all may run twice."""

import contextlib
import time
from typing import Any
from uuid import UUID

from celery import Task, shared_task
from django.utils import timezone

from connector.errors import ConflictError
from connector.models import Connection
from sync import (
    catalogue,
    draining,
    due_work,
    identity,
    identity_import,
    identity_staging,
    inbox,
    nights,
    reconciliation,
    refresh_worker,
    schedule,
    uploads,
)
from sync.models import Night, SyncRun
from sync.nudge import REMEMBERED_SECONDS, nudge, nudge_is_answered, send_drain
from sync.reconciliation_ranges import RESOURCES
from sync.retention import forget_old


@shared_task(name="stripe_sync.drain_inbox", ignore_result=True)
def drain_inbox() -> None:
    """Nudged by webhooks, and every few seconds by beat: nudges are lost, and a backlog needs more workers."""
    if draining.drain_for_a_turn():
        send_drain()
        return
    nudge_is_answered()
    time.sleep(REMEMBERED_SECONDS)
    if inbox.apply_batch():  # it came after the last look, when its nudge was still held to be answered
        nudge()


@shared_task(name="stripe_sync.work_off_refreshes", ignore_result=True)
def work_off_refreshes() -> None:
    """Read from Stripe what is in doubt."""
    while refresh_worker.work_off():
        pass


@shared_task(name="stripe_sync.forget_old", ignore_result=True)
def forget_old_task() -> None:
    """Payloads and history expire; event ids stay for deduplication."""
    forget_old()
    uploads.forget_uploads()
    identity_staging.drop_left_behind()


@shared_task(name="stripe_sync.tick", ignore_result=True)
def tick() -> None:
    """Each minute: open the nights that are due and hand out whatever waits, a killed process's work included."""
    now = timezone.now()
    schedule.claim_due_nights(now)
    for night_id in due_work.open_nights():
        _hand_out(work_night, night_id)
    for app_id in due_work.apps_with_waiting_imports():
        _hand_out(import_waiting, str(app_id))
    for run_id, free_ranges in due_work.open_reconciliations():
        for _ in range(free_ranges):
            _hand_out(work_on_reconciliation, str(run_id))
    for connection_id in due_work.connections_never_reconciled():
        _hand_out(start_reconciliation, str(connection_id))
    for connection_id in due_work.connections_with_due_catalogue(now):
        _hand_out(read_catalogue, str(connection_id))


def _hand_out(task: "Task[[Any], None]", argument: object) -> None:
    """The next tick asks again: a message that waited for longer is only one more."""
    task.apply_async((argument,), expires=60)


@shared_task(name="stripe_sync.work_night", ignore_result=True)
def work_night(night_id: int) -> None:
    run = nights.work_night(Night.objects.select_related("connection").get(pk=night_id))
    if run:
        _spread(run)


@shared_task(name="stripe_sync.import_waiting", ignore_result=True)
def import_waiting(app_id: str) -> None:
    """Import the App's waiting files, oldest first, and project whom an interrupted import left."""
    identity_import.run_waiting_imports(app_id=UUID(app_id))
    identity.project_pending(app_id=UUID(app_id), source={"identity": "file"})
    _go_on_with_nights(UUID(app_id))


@shared_task(name="stripe_sync.read_catalogue", ignore_result=True)
def read_catalogue(connection_id: str, *, complete: bool = False) -> None:
    connection = Connection.objects.filter(pk=connection_id, status=Connection.Status.ACTIVE).first()
    if connection is None:
        return
    with contextlib.suppress(ConflictError):  # somebody is at it
        catalogue.sync_catalogue(connection=connection, complete=complete, started_by="schedule")
    _go_on_with_nights(connection.app_id)


@shared_task(name="stripe_sync.start_reconciliation", ignore_result=True)
def start_reconciliation(connection_id: str) -> None:
    connection = Connection.objects.filter(pk=connection_id, status=Connection.Status.ACTIVE).first()
    if connection:
        _spread(reconciliation.start(connection=connection, started_by="schedule"))


def _spread(run: SyncRun) -> None:
    """One worker for each resource; ranges that are split off call for more."""
    for _ in RESOURCES:
        work_on_reconciliation.delay(str(run.pk))


@shared_task(name="stripe_sync.work_on_reconciliation", ignore_result=True)
def work_on_reconciliation(run_id: str) -> None:
    """Read ranges of the run until none is free; each range that is split off calls for one more worker."""
    run = SyncRun.objects.select_related("connection").get(pk=run_id)
    if not run.is_open:
        return

    def call_for_another() -> None:
        work_on_reconciliation.delay(run_id)

    reconciliation.work(run, on_split=call_for_another)
    _go_on_with_nights(run.app_id)


def _go_on_with_nights(app_id: UUID) -> None:
    """A night may have waited for what just ended; the tick would see it within a minute."""
    for night_id in due_work.open_nights(app_id=app_id):
        _hand_out(work_night, night_id)
