"""The life of a background run: create, begin, report, cancel, finish."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from connector.errors import ConflictError, NotFoundError
from connector.models import Connection
from sync import locks
from sync.models import SyncRun

State = SyncRun.State


class CanceledError(Exception):
    """Somebody asked this run to stop; nothing more of it may be written."""


def create_run(*, app_id: UUID, kind: str, **fields: Any) -> SyncRun:
    """A queued run. Raises ``ConflictError`` where a run of this kind is open for the connection already."""
    try:
        with transaction.atomic():
            return SyncRun.objects.create(app_id=app_id, kind=kind, **fields)
    except IntegrityError as error:
        label = SyncRun.Kind(kind).label
        raise ConflictError(
            "run_in_progress", f"“{label}” is running already; watch it or cancel it first.", retryable=True
        ) from error


def open_run(*, connection: Connection, kind: str, **fields: Any) -> SyncRun:
    """The connection's open run of this kind, or a new one.

    For the holder of the kind's lock only: a run that is still ``running`` belongs to a process that died, and is
    queued again.
    """
    unfinished = SyncRun.objects.filter(connection=connection, kind=kind)
    unfinished.filter(state=State.RUNNING).update(state=State.QUEUED)
    run = unfinished.filter(state=State.QUEUED).first()
    return run or create_run(app_id=connection.app_id, connection=connection, kind=kind, **fields)


def get_run(*, app_id: UUID, run_id: UUID | str) -> SyncRun:
    """One run of the App; raises ``NotFoundError``."""
    run = SyncRun.objects.filter(app_id=app_id, id=run_id).first()
    if run is None:
        raise NotFoundError("unknown_run", "There is no such run in this App.")
    return run


def begin(run: SyncRun) -> bool:
    """Move a queued run to running; False where it is no longer queued (canceled, or begun elsewhere)."""
    now = timezone.now()
    begun = SyncRun.objects.filter(pk=run.pk, state=State.QUEUED).update(
        state=State.RUNNING, started_at=now, heartbeat_at=now, attempts=F("attempts") + 1
    )
    run.refresh_from_db()
    return bool(begun)


def report_progress(run: SyncRun, progress: dict[str, Any]) -> None:
    """Record how far the run is; raises ``CanceledError`` where somebody asked it to stop."""
    run.progress = progress
    SyncRun.objects.filter(pk=run.pk).update(progress=progress, heartbeat_at=timezone.now())
    stop_if_asked(run)


def stop_if_asked(run: SyncRun) -> None:
    """Raises ``CanceledError`` where somebody asked the run to stop."""
    if SyncRun.objects.filter(pk=run.pk, cancel_requested=True).exists():
        raise CanceledError


def finish(run: SyncRun, state: str, *, error: str = "") -> None:
    """Close the run with its counts and report."""
    run.state, run.error, run.finished_at = state, error, timezone.now()
    run.save(update_fields=["state", "error", "finished_at", "counts", "report", "progress", "follow_up"])


def cancel(*, app_id: UUID, run_id: UUID | str) -> SyncRun:
    """Ask a run to stop: a waiting one at once, a running one at its next step. One that has ended stays as it is."""
    run = get_run(app_id=app_id, run_id=run_id)
    asked = SyncRun.objects.filter(pk=run.pk, state__in=[*SyncRun.OPEN, State.STOPPED])
    asked.update(cancel_requested=True)  # first: a run that is begun, or begun again, right now sees it
    asked.exclude(state=State.RUNNING).update(state=State.CANCELED, finished_at=timezone.now())
    if (
        run.kind != SyncRun.Kind.RECONCILIATION
    ):  # whose workers, if all are dead, are followed by new ones each minute
        with locks.try_hold(lock_of(run)) as nobody_is_at_it:
            if nobody_is_at_it:
                asked.update(state=State.CANCELED, finished_at=timezone.now())
    run.refresh_from_db()
    return run


def lock_of(run: SyncRun) -> str:
    """What the one process holds that imports an App's files, or reads a connection's catalogue."""
    imports = run.kind == SyncRun.Kind.IDENTITIES
    return import_turn(run.app_id) if imports else f"catalogue:{run.connection_id}"


def import_turn(app_id: UUID) -> str:
    """What the one process holds that imports the App's files."""
    return f"identities:{app_id}"
