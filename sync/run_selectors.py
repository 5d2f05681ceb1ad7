"""Reads of runs for pages, the API and the terminal. Every one starts from the App."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import TruncDate
from django.utils.timezone import now

from connector.models import Connection
from sync.identity_csv import Problem
from sync.models import SyncRun

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
    """One bar of the chart, 10 wide from ``x`` on, ``height`` in percent of the worst night.

    ``objects`` is None where no reconciliation ended that day: then nobody knows.
    """

    day: date
    objects: int | None
    x: int
    height: int

    @property
    def top(self) -> int:
        return 100 - self.height


def drift_trend(connection: Connection, *, timezone: tzinfo) -> list[NightDrift]:
    """How many objects had drifted on each of the last ``NIGHTS`` days there, oldest first."""
    today = now().astimezone(timezone).date()
    found = _drifted_by_day(connection, timezone, since=now() - timedelta(days=NIGHTS + 1))
    worst = max(found.values(), default=0) or 1
    trend = []
    for number in range(NIGHTS):
        day = today - timedelta(days=NIGHTS - 1 - number)
        objects = found.get(day)
        trend.append(NightDrift(day, objects, 10 * number, round(100 * (objects or 0) / worst)))
    return trend


def _drifted_by_day(connection: Connection, timezone: tzinfo, *, since: datetime) -> dict[date, int]:
    told = (SyncRun.State.DONE, SyncRun.State.PARTIAL)
    runs = SyncRun.objects.filter(connection=connection, kind=SyncRun.Kind.RECONCILIATION, state__in=told)
    by_day: dict[date, int] = defaultdict(int)
    days = runs.filter(finished_at__gte=since).annotate(day=TruncDate("finished_at", tzinfo=timezone))
    for day, counts in days.values_list("day", "counts"):
        by_day[day] += counts.get("drifted", 0)
    return dict(by_day)
