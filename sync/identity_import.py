"""Import an identity file: stage it with COPY, then compare and merge in one transaction.

A crash at any point leaves the old links: nothing but the staging table is written before the one transaction that
merges.
"""

import logging
import time
from collections.abc import Callable, Iterator
from io import TextIOWrapper
from typing import IO, Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from connector.errors import ConnectorError
from connector.models import Connection
from connector.selectors import app_connections
from sync import identity_merge, locks, runs, shared_customers, sources
from sync.identity import link_lock, project_pending
from sync.identity_csv import Batch, Header, Problem, cut_off, read_header
from sync.identity_files import ends_a_line, text_lines
from sync.identity_rows import PlainRows, judge
from sync.identity_staging import stage, staging_table
from sync.models import RowError, SyncRun
from sync.run_email import describe_import, tell_admins
from sync.unknown_customers import ask_for_changed_links

logger = logging.getLogger(__name__)

OnProgress = Callable[[dict[str, Any]], None]
MAX_BAD_SHARE = 0.20
MAX_REMOVED_SHARE = 0.30
MAX_ROW_ERRORS = 1000
MAX_ATTEMPTS = 3
_REPORT_EVERY = 0.5  # seconds


def import_identities(
    *, app_id: UUID, source: str, on_progress: OnProgress | None = None, **options: Any
) -> SyncRun:
    """Import the file at a path or URL now, in this process, and return the finished run.

    ``options`` are those of ``queue_import``. Waits for its turn while other files of the App are imported. What
    is wrong with the file ends in the run: ``state`` (``failed``, ``stopped``), ``error`` and ``row_errors``.
    """
    run = queue_import(app_id=app_id, source=source, **options)
    with locks.hold(runs.import_turn(app_id)):
        _settle_interrupted(app_id)
        while (waiting := _next_waiting(app_id)) and waiting.pk != run.pk:
            _perform(waiting, None)
        _perform(run, on_progress)
    return run


def queue_import(
    *,
    app_id: UUID,
    source: str,
    mode: str = "incremental",
    dry_run: bool = False,
    confirmed: bool = False,
    email: bool = False,
    **fields: Any,
) -> SyncRun:
    """A run that waits for its turn.

    ``mode`` is ``incremental``, or ``full`` where users that the file does not name lose their link; ``confirmed``
    passes the safety stops; ``email`` tells the admins when it is done.
    """
    options = {"mode": mode, "dry_run": dry_run, "confirmed": confirmed, "email": email}
    return runs.create_run(app_id=app_id, kind=SyncRun.Kind.IDENTITIES, source=source, options=options, **fields)


def confirm_import(*, app_id: UUID, run_id: UUID | str, confirmed_by: str) -> SyncRun:
    """An admin has looked: import the stopped file although it is unusual."""
    run = runs.get_run(app_id=app_id, run_id=run_id)
    options = {**run.options, "confirmed": True, "confirmed_by": confirmed_by}
    stopped = SyncRun.objects.filter(pk=run.pk, state=SyncRun.State.STOPPED)
    stopped.update(state=SyncRun.State.QUEUED, options=options, error="", finished_at=None)
    run.refresh_from_db()
    return run


def run_waiting_imports(*, app_id: UUID) -> int:
    """Import what waits for this App, oldest first, unless another process is at it. Returns how many it did."""
    done = 0
    with locks.try_hold(runs.import_turn(app_id)) as held:
        if held:
            _settle_interrupted(app_id)
        while held and (run := _next_waiting(app_id)):
            _perform(run, None)
            done += 1
    return done


def _imports(app_id: UUID) -> Any:
    return SyncRun.objects.filter(app_id=app_id, kind=SyncRun.Kind.IDENTITIES)


def _next_waiting(app_id: UUID) -> SyncRun | None:
    waiting: SyncRun | None = _imports(app_id).filter(state=SyncRun.State.QUEUED).order_by("created_at").first()
    return waiting


def _settle_interrupted(app_id: UUID) -> None:
    """Whoever holds the turn knows that a running import of this App is dead: nothing of it was written."""
    interrupted = _imports(app_id).filter(state=SyncRun.State.RUNNING)
    interrupted.filter(attempts__lt=MAX_ATTEMPTS).update(state=SyncRun.State.QUEUED)
    interrupted.update(
        state=SyncRun.State.FAILED,
        finished_at=timezone.now(),
        follow_up=True,
        error="The import was killed several times and changed nothing. Send the file again.",
    )
    for run in _imports(app_id).filter(follow_up=True).order_by("created_at"):
        _follow_up(run)


def _perform(run: SyncRun, on_progress: OnProgress | None) -> None:
    if not runs.begin(run):
        return
    run.follow_up = True
    run.row_errors.all().delete()
    try:
        with staging_table(run.app_id) as table:
            _ImportFile(run, table, on_progress).perform()
    except runs.CanceledError:
        runs.finish(run, SyncRun.State.CANCELED)
    except ConnectorError as error:
        run.report = {**run.report, "error": error.as_dict()["error"]}
        runs.finish(run, SyncRun.State.FAILED, error=error.user_message)
    except Exception:
        logger.exception("Identity import %s failed", run.pk)
        run.report = {**run.report, "error": {"code": "internal_error", "retryable": True}}
        runs.finish(run, SyncRun.State.FAILED, error="Something went wrong on our side; nothing was changed.")
        raise
    _follow_up(run)


def _follow_up(run: SyncRun) -> None:
    """What comes after the result: traits, the file's place, an email. A killed process's part is done by the next."""
    project_pending(app_id=run.app_id, source={"run": str(run.pk)})
    if run.state == SyncRun.State.DONE and not run.options["dry_run"]:
        try:
            sources.put_away(run)
        except sources.SourceError as error:
            run.error = error.user_message
    if run.options.get("email"):
        subject, body = describe_import(run)
        tell_admins(app_id=run.app_id, subject=subject, body=body)
    run.follow_up = False
    run.save(update_fields=["error", "follow_up"])


class _ImportFile:
    """One file on its way in. ``problems`` keeps the first ``MAX_ROW_ERRORS`` lines; ``bad`` counts them all."""

    def __init__(self, run: SyncRun, table: str, on_progress: OnProgress | None) -> None:
        self._run, self._table = run, table
        self._on_progress = on_progress
        self._started = self._reported = time.monotonic()
        self._good = self._bad = 0
        self._problems: list[Problem] = []
        self._last_problem: Problem | None = None

    def perform(self) -> None:
        with sources.open_run_file(self._run) as (stream, size), text_lines(stream) as lines:
            header = read_header(lines)
            self._stage(header, judge(header, lines, header.lines), stream, size)
            self._refuse_cut_off(lines)
        self._report_progress("merging", 1.0)
        confirmed = self._run.options.get("confirmed")
        self._run.counts = {"rows": self._good + self._bad, "bad": self._bad}
        if not confirmed and (stop := self._too_many_bad_rows()):
            self._close(SyncRun.State.STOPPED, stop)
        else:
            self._merge(confirmed=bool(confirmed))

    def _stage(
        self, header: Header, judged: Iterator[PlainRows | Batch], stream: IO[bytes], size: int | None
    ) -> None:
        self._run.report = {"ignored_columns": list(header.ignored), "delimiter": header.delimiter}
        while stage(self._table, judged, header, self._count):
            if time.monotonic() - self._reported > _REPORT_EVERY:
                self._report_progress("reading", stream.tell() / size if size else None)

    def _refuse_cut_off(self, lines: TextIOWrapper) -> None:
        """A last row that misses columns and its line end shows that the file did not arrive whole."""
        if self._last_problem and self._last_problem.code == "column_count" and not ends_a_line(lines):
            raise cut_off(self._last_problem.line)

    def _count(self, rows: PlainRows | Batch) -> None:
        self._last_problem = None
        if isinstance(rows, PlainRows):
            self._good += rows.count
            return
        if rows.problems and (not rows.rows or rows.problems[-1].line > rows.rows[-1][0]):
            self._last_problem = rows.problems[-1]
        self._good += len(rows.rows)
        self._bad += len(rows.problems)
        self._keep(rows.problems)

    def _merge(self, *, confirmed: bool) -> None:
        run, full = self._run, self._run.options["mode"] == "full"
        with shared_customers.searched_beside(self._table, self._good) as shared, transaction.atomic():
            locks.hold_in_transaction(link_lock(run.app_id))
            comparison, repeated = identity_merge.compare(app_id=run.app_id, full=full, rows=self._good)
            run.report = {**run.report, "sample": identity_merge.sample_changes()}
            too_many = not confirmed and comparison.removed_share > MAX_REMOVED_SHARE
            if not too_many and not run.options["dry_run"]:
                self._write(comparison)
            remarks = shared()
            self._keep(repeated + remarks)
            counts = {"rows": self._good + self._bad, "bad": self._bad, "shared": len(remarks)}
            run.counts = {**comparison.counts, **counts}
            if too_many:
                self._close(SyncRun.State.STOPPED, _too_many_removals(comparison))
            else:
                self._close(SyncRun.State.DONE)

    def _write(self, comparison: identity_merge.Comparison) -> None:
        run = self._run
        connections = [connection.id for connection in app_connections(app_id=run.app_id)]
        identity_merge.merge(app_id=run.app_id, connections=connections, comparison=comparison)
        run.report["customers_to_read"] = ask_for_changed_links(
            app_id=run.app_id, read_anyway=run.night.connection_id if run.night else None
        )
        Connection.objects.filter(id__in=connections).update(last_identities_at=timezone.now())

    def _too_many_bad_rows(self) -> str:
        total = self._good + self._bad
        if not total or self._bad / total <= MAX_BAD_SHARE:
            return ""
        return (
            f"{self._bad:,} of {total:,} rows are bad, more than {MAX_BAD_SHARE:.0%}. Nothing was changed. "
            "Look at the lines below; an admin can confirm that the good rows are imported."
        )

    def _keep(self, problems: list[Problem]) -> None:
        self._problems += problems[: MAX_ROW_ERRORS - len(self._problems)]

    def _close(self, state: str, reason: str = "") -> None:
        """In the merge's own transaction where there is one: the links and the result appear together."""
        RowError.objects.bulk_create(
            RowError(run=self._run, line=p.line, code=p.code, message=p.message, row=p.row) for p in self._problems
        )
        runs.finish(self._run, state, error=reason)

    def _report_progress(self, step: str, share: float | None) -> None:
        """``share`` of the file that is read, ``rows_per_second`` and ``seconds_left`` where they can be told."""
        self._reported = now = time.monotonic()
        seconds, rows = now - self._started, self._good + self._bad
        progress = {
            "step": step,
            "rows": rows,
            "share": share,
            "rows_per_second": round(rows / seconds) if seconds else None,
            "seconds_left": round(seconds / share - seconds) if share else None,
        }
        runs.report_progress(self._run, progress)
        if self._on_progress:
            self._on_progress(progress)


def _too_many_removals(comparison: identity_merge.Comparison) -> str:
    return (
        f"The file would remove {comparison.removed:,} of {comparison.existing:,} links, more than "
        f"{MAX_REMOVED_SHARE:.0%}. Nothing was changed. Is the file complete? An admin can confirm it."
    )
