"""One night of one connection: identity files, catalogue, reconciliation, an email. Any step can be taken up."""

from datetime import timedelta

from django.utils import timezone

from connector.errors import ConflictError
from connector.notices import email_admins
from sync import locks, reconciliation
from sync.catalogue import sync_catalogue
from sync.identity_import import queue_import, run_waiting_imports
from sync.models import IdentitySource, Night, SyncRun
from sync.run_email import describe_night
from sync.sources import SourceError, unseen_files

Step = Night.Step
WAIT_FOR_FILES = timedelta(hours=1)


def work_night(night: Night) -> SyncRun | None:
    """Do what the night's step needs, as far as it goes now; the open reconciliation, if that is where it is."""
    with locks.try_hold(f"night:{night.pk}") as held:
        if not held:
            return None
        night.refresh_from_db()
        if night.step == Step.IDENTITIES and _import_files(night):
            _advance(night, Step.CATALOGUE)
        if night.step == Step.CATALOGUE and _read_catalogue(night):
            _advance(night, Step.RECONCILIATION)
        return _reconcile(night) if night.step == Step.RECONCILIATION else None


def _advance(night: Night, step: str) -> None:
    night.step = step
    night.save(update_fields=["step"])


def _import_files(night: Night) -> bool:
    """Import what the sources have; False while a file may still be written, for an hour at most."""
    young = 0
    for source in IdentitySource.objects.filter(connection=night.connection):
        young += queue_new_files(source, night=night)
    run_waiting_imports(app_id=night.connection.app_id)
    return not young or timezone.now() - night.started_at > WAIT_FOR_FILES


def queue_new_files(source: IdentitySource, *, night: Night | None = None, started_by: str = "schedule") -> int:
    """Queue the source's unseen files, oldest first, and return how many may still be written."""
    source.checked_at, source.error = timezone.now(), ""
    try:
        files, young = unseen_files(source)
    except SourceError as error:
        files, young, source.error = [], 0, error.user_message
    source.save(update_fields=["checked_at", "error"])
    for file in files:
        queue_import(
            app_id=source.app_id,
            connection=source.connection,
            identity_source=source,
            night=night,
            source=file.url,
            fingerprint=file.fingerprint,
            mode=source.mode,
            started_by=started_by,
        )
    return young


def _read_catalogue(night: Night) -> bool:
    if night.runs.filter(kind=SyncRun.Kind.CATALOGUE, finished_at__isnull=False).exists():
        return True
    try:
        sync_catalogue(connection=night.connection, night=night, started_by="schedule")
    except ConflictError:
        return False  # read by somebody else right now; the next tick looks again
    return True


def _reconcile(night: Night) -> SyncRun | None:
    run = night.runs.filter(kind=SyncRun.Kind.RECONCILIATION).first()
    if run is None:
        run = reconciliation.start(connection=night.connection, night=night, started_by="schedule")
    if run.is_open:
        return run
    finish_night(night)
    return None


def finish_night(night: Night) -> None:
    """Close the night and tell the admins, once; only on trouble if they chose so."""
    closed = Night.objects.filter(pk=night.pk, finished_at__isnull=True)
    if not closed.update(step=Step.FINISHED, finished_at=timezone.now()):
        return
    subject, body, trouble = describe_night(night)
    if trouble or not night.connection.email_only_on_trouble:
        email_admins(app_id=night.connection.app_id, subject=subject, body=body)
