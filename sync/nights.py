"""One night of one connection: identity files, catalogue, reconciliation, an email. Any step can be taken up."""

from datetime import timedelta

from django.utils import timezone

from connector.errors import ConflictError
from sync import locks, reconciliation
from sync.catalogue import sync_catalogue
from sync.identity_import import queue_import, run_waiting_imports
from sync.models import IdentitySource, Night, SyncRun
from sync.run_email import describe_night, tell_admins
from sync.sources import FoundFile, SourceError, unseen_files

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
    """Import what the sources have; False while a file may still be written, for an hour at most, or is imported."""
    may_wait = timezone.now() - night.started_at <= WAIT_FOR_FILES
    young = 0
    for source in IdentitySource.objects.filter(connection=night.connection):
        young += queue_new_files(source, night=night, may_wait=may_wait)
    run_waiting_imports(app_id=night.connection.app_id)
    if young and may_wait:
        return False
    return not night.runs.filter(kind=SyncRun.Kind.IDENTITIES, state__in=SyncRun.OPEN).exists()


def queue_new_files(
    source: IdentitySource, *, night: Night | None = None, started_by: str = "schedule", may_wait: bool = True
) -> int:
    """Queue the source's unseen files, oldest first, and return how many may still be written.

    What cannot be read is in ``source.error``, and without ``may_wait`` so are files that are still being written.
    """
    with locks.hold(f"source:{source.pk}"):  # two that look at once would both queue what they see
        source.checked_at, source.error = timezone.now(), ""
        files, young = _look_at(source)
        if young and not may_wait:
            names = ", ".join(file.url.rpartition("/")[2] for file in young)
            source.error = f"Still being written after an hour, so left for the next night: {names}"
        source.save(update_fields=["checked_at", "error"])
        for file in files:
            _queue(source, file, night=night, started_by=started_by)
    return len(young)


def _look_at(source: IdentitySource) -> tuple[list[FoundFile], list[FoundFile]]:
    try:
        return unseen_files(source)
    except SourceError as error:
        source.error = error.user_message
        return [], []


def _queue(source: IdentitySource, file: FoundFile, *, night: Night | None, started_by: str) -> None:
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
    """Tell the admins, only on trouble if they chose so, and close the night.

    In this order: whoever is killed in between tells them twice rather than never.
    """
    night.refresh_from_db()
    if night.finished_at:
        return
    subject, body, trouble = describe_night(night)
    if trouble or not night.connection.email_only_on_trouble:
        tell_admins(app_id=night.connection.app_id, subject=subject, body=body)
    night.step, night.finished_at = Step.FINISHED, timezone.now()
    night.save(update_fields=["step", "finished_at"])
