"""Start runs in the background, for pages and the API. The work itself is behind the tasks."""

from functools import partial
from typing import IO, Any
from uuid import UUID

from django.db import transaction

from connector.models import Connection
from sync import reconciliation, runs, tasks
from sync.identity_import import confirm_import, queue_import
from sync.models import SyncRun
from sync.reconciliation_ranges import RESOURCES
from sync.uploads import store_upload


def start_catalogue(*, connection: Connection, started_by: str) -> SyncRun:
    """Queue a complete read; raises ``ConflictError`` where one is open."""
    run = runs.create_run(
        app_id=connection.app_id,
        connection=connection,
        kind=SyncRun.Kind.CATALOGUE,
        options={"complete": True},
        started_by=started_by,
    )
    _after_commit(tasks.read_catalogue, str(connection.pk), complete=True)
    return run


def start_reconciliation(*, connection: Connection, started_by: str) -> SyncRun:
    """Start a reconciliation, or find the one that is open."""
    run = reconciliation.start(connection=connection, started_by=started_by)
    for _ in RESOURCES:
        _after_commit(tasks.work_on_reconciliation, str(run.pk))
    return run


def start_import(*, app_id: UUID, content: IO[bytes], mode: str, dry_run: bool, started_by: str) -> SyncRun:
    """Keep the file where workers can read it and queue its import; the admins are told when it is done."""
    url, digest = store_upload(app_id=app_id, content=content)
    run = queue_import(
        app_id=app_id,
        source=url,
        fingerprint=digest,
        mode=mode,
        dry_run=dry_run,
        email=not dry_run,
        started_by=started_by,
    )
    _after_commit(tasks.import_waiting, str(app_id))
    return run


def confirm(*, app_id: UUID, run_id: UUID, confirmed_by: str) -> SyncRun:
    """Import a stopped file although it is unusual."""
    run = confirm_import(app_id=app_id, run_id=run_id, confirmed_by=confirmed_by)
    _after_commit(tasks.import_waiting, str(app_id))
    return run


def _after_commit(task: Any, *arguments: str, **options: Any) -> None:
    """A lost message is made up for by the next tick."""
    transaction.on_commit(partial(task.delay, *arguments, **options))
