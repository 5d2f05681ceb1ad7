"""Compare the mirror with Stripe: every subscription and customer, in parallel ranges of ``created``.

This is the life of a run; ``reconciliation_ranges`` does the reading. A killed run is continued, not started over:
``start`` finds it, and its ranges know how far they are.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.db.models import Count, Min, Sum
from django.utils import timezone

from connector.errors import ConflictError, StripeError
from connector.models import Connection
from connector.permissions import allows
from sync import absences, drift, locks, runs, unsettled
from sync.models import RunRange, SyncRun
from sync.reconciliation_ranges import OUR_FAULT, RESOURCES, read_waiting_ranges

logger = logging.getLogger(__name__)

OnProgress = Callable[[dict[str, Any]], None]
CARD_TRAITS = ("payment_card_brand", "payment_card_country", "payment_card_expiration", "payment_card_wallet_type")


def reconcile(
    *, connection: Connection, threads: int = 0, on_progress: OnProgress | None = None, **fields: Any
) -> SyncRun:
    """Reconcile the connection now, in this process, and return the finished run; a killed run is continued.

    ``threads`` read ranges side by side, 0 reads in the caller's own thread. ``counts`` has the objects read of
    each resource, ``drifted``, ``healed``, ``gone`` and ``requests``; ``run.drifts`` is the drift report.
    """
    run = start(connection=connection, **fields)
    while not run.finished_at:
        if threads:
            _work_in_threads(run, threads, on_progress)
        else:
            work(run, on_progress=on_progress)
        run.refresh_from_db()
        if not run.finished_at:
            _wait_for_next_attempt(run)
    return run


def start(*, connection: Connection, **fields: Any) -> SyncRun:
    """The connection's open run, or a new one with a range for each resource."""
    if found := _open_run(connection):
        return found
    try:
        with transaction.atomic():
            return _new_run(connection, **fields)
    except ConflictError:  # another process was first: its run is there once it has committed
        if found := _open_run(connection):
            return found
        raise


def _open_run(connection: Connection) -> SyncRun | None:
    kind = SyncRun.Kind.RECONCILIATION
    return SyncRun.objects.filter(connection=connection, kind=kind, state__in=SyncRun.OPEN).first()


def _new_run(connection: Connection, **fields: Any) -> SyncRun:
    kind = SyncRun.Kind.RECONCILIATION
    run = runs.create_run(app_id=connection.app_id, connection=connection, kind=kind, **fields)
    RunRange.objects.bulk_create(
        RunRange(run=run, resource=resource, created_from=0, created_until=None) for resource in RESOURCES
    )
    runs.begin(run)
    return run


def work(
    run: SyncRun,
    *,
    on_split: Callable[[], None] = lambda: None,
    on_progress: OnProgress | None = None,
) -> None:
    """Read ranges until none is free, and close the run after the last. Many processes may do so at once.

    ``on_split`` is called when there is work for one more.
    """
    try:
        runs.stop_if_asked(run)  # also while all ranges pause
        read_waiting_ranges(run, on_split=on_split, on_progress=on_progress)
        if not run.ranges.filter(state=RunRange.State.WAITING).exists():
            _close(run)
    except runs.CanceledError:
        run.refresh_from_db()
        if run.is_open:  # another worker may have come to the end before it saw the wish
            runs.finish(run, SyncRun.State.CANCELED)


def _work_in_threads(run: SyncRun, threads: int, on_progress: OnProgress | None) -> None:
    def work_once() -> None:
        try:
            work(SyncRun.objects.get(pk=run.pk), on_split=one_more, on_progress=on_progress)
        finally:
            database.close()

    def one_more() -> None:
        started.append(pool.submit(work_once))

    started: list[Future[None]] = []
    with ThreadPoolExecutor(threads) as pool:
        for _ in RESOURCES:
            one_more()
        for future in started:  # grows while it is walked
            future.result()


def _wait_for_next_attempt(run: SyncRun) -> None:
    """A range that Stripe refused is tried again after its pause."""
    waiting = run.ranges.filter(state=RunRange.State.WAITING).aggregate(at=Min("not_before"))["at"]
    if waiting:
        time.sleep(max(0.0, (waiting - timezone.now()) / timedelta(seconds=1)))


def _close(run: SyncRun) -> None:
    with locks.try_hold(f"reconciliation:{run.pk}") as held:
        run.refresh_from_db()
        if not held or run.state != SyncRun.State.RUNNING:
            return
        connection = run.connection
        assert connection is not None  # noqa: S101  a reconciliation always has one
        failed = run.ranges.filter(state=RunRange.State.FAILED)
        errors = list(failed.values_list("error", flat=True).distinct())
        errors += _complete(run, connection)
        drift.explain(run, connection)
        _summarise(run, connection)
        _finish(run, connection, errors)


def _complete(run: SyncRun, connection: Connection) -> list[str]:
    """Look for what was absent, settle what was read too early; what went wrong."""
    try:
        for resource in RESOURCES:
            absences.verify(run, connection, resource)
        drift.note_unhealed(run, unsettled.settle(run, connection))
    except StripeError as error:
        return [error.user_message]
    except runs.CanceledError:
        raise
    except Exception:  # or the run would be open, and closed in vain, for ever
        logger.exception("Reconciliation %s could not be completed", run.pk)
        return [OUR_FAULT]
    return []


def _finish(run: SyncRun, connection: Connection, errors: list[str]) -> None:
    """Only a run without errors counts as done."""
    if not errors:
        Connection.objects.filter(pk=connection.pk).update(last_reconciliation_at=timezone.now())
        runs.finish(run, SyncRun.State.DONE)
        return
    nothing_read = not run.ranges.filter(objects_read__gt=0).exists()
    runs.finish(run, SyncRun.State.FAILED if nothing_read else SyncRun.State.PARTIAL, error=" ".join(errors))


def _summarise(run: SyncRun, connection: Connection) -> None:
    totals = run.ranges.values("resource").annotate(read=Sum("objects_read"), requests=Sum("requests_made"))
    run.counts = {row["resource"]: row["read"] for row in totals.order_by("resource")}
    run.counts |= {
        "requests": sum(row["requests"] for row in totals),
        "drifted": run.drifts.count(),
        "healed": run.drifts.filter(healed=True).count(),
        "gone": run.drifts.filter(after__deleted=True).count(),
    }
    causes = run.drifts.values("cause").annotate(count=Count("id")).order_by("cause")
    run.report = {"causes": {row["cause"]: row["count"] for row in causes}}
    if not allows(connection, "rak_payment_method_read"):
        run.report["left_as_last_known"] = list(CARD_TRAITS)
