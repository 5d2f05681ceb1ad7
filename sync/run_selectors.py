"""Reads of runs for pages, the API and the terminal. Every one starts from the App."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from connector.models import Connection
from sync.identity_csv import Problem
from sync.models import Drift, SyncRun

NIGHTS = 30


def recent_runs(*, app_id: UUID, kind: str = "") -> QuerySet[SyncRun]:
    """Newest first. The catalogue's quarter-hourly runs are left out where all went well."""
    runs = SyncRun.objects.filter(app_id=app_id).order_by("-created_at")
    if kind:
        return runs.filter(kind=kind)
    return runs.exclude(kind=SyncRun.Kind.CATALOGUE, state=SyncRun.State.DONE, started_by="schedule", night=None)


def open_runs(*, app_id: UUID) -> list[SyncRun]:
    waiting = SyncRun.objects.filter(app_id=app_id, state__in=[*SyncRun.OPEN, SyncRun.State.STOPPED])
    return list(waiting.order_by("created_at"))


def describe_run(run: SyncRun) -> dict[str, Any]:
    """The run as the API gives it."""
    return {
        "id": str(run.pk),
        "kind": run.kind,
        "state": run.state,
        "started_by": run.started_by,
        "progress": run.progress,
        "counts": run.counts,
        "report": run.report,
        "error": run.error,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
    }


def problems_of(run: SyncRun) -> Iterator[Problem]:
    """The lines of a file that were reported, in order."""
    for error in run.row_errors.order_by("line", "id").iterator():
        yield Problem(error.line, error.code, error.message, error.row)


@dataclass(frozen=True, slots=True)
class NightDrift:
    """One bar of the chart, 10 wide from ``x`` on, ``height`` in percent of the worst night."""

    day: date
    objects: int
    x: int
    height: int

    @property
    def top(self) -> int:
        return 100 - self.height


def drift_trend(connection: Connection) -> list[NightDrift]:
    """How many objects had drifted on each of the last ``NIGHTS`` days, oldest first."""
    today = timezone.now().date()
    first = today - timedelta(days=NIGHTS - 1)
    drifts = Drift.objects.filter(run__connection=connection, found_at__date__gte=first)
    counted = drifts.annotate(day=TruncDate("found_at")).values("day").annotate(count=Count("id"))
    objects = {row["day"]: row["count"] for row in counted}
    worst = max(objects.values(), default=0) or 1
    trend = []
    for offset in range(NIGHTS):
        count = objects.get(day := first + timedelta(days=offset), 0)
        trend.append(NightDrift(day, count, 10 * offset, round(100 * count / worst)))
    return trend
