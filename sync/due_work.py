"""Reads: what a tick finds to do. Whatever a killed process left undone is found here too."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q

from connector.models import Connection
from sync.models import Night, PendingProjection, RunRange, SyncRun

CATALOGUE_EVERY = timedelta(minutes=15)


def open_nights(**where: Any) -> list[int]:
    """``where`` narrows the connections: ``app_id``."""
    connections = Connection.objects.filter(status=Connection.Status.ACTIVE, **where)
    nights = Night.objects.filter(connection__in=connections).exclude(step=Night.Step.FINISHED)
    return list(nights.values_list("pk", flat=True))


def apps_with_waiting_imports() -> list[UUID]:
    """Files that wait, imports whose process may have died, and what an import left undone afterwards."""
    waiting = Q(state__in=SyncRun.OPEN) | Q(follow_up=True)
    imports = SyncRun.objects.filter(waiting, kind=SyncRun.Kind.IDENTITIES)
    apps = set(imports.values_list("app_id", flat=True))
    return sorted(apps | set(PendingProjection.objects.values_list("app_id", flat=True).distinct()))


def open_reconciliations() -> list[tuple[UUID, int]]:
    """Each with the number of workers it can use, one at least: the last one closes it."""
    open_runs = SyncRun.objects.filter(kind=SyncRun.Kind.RECONCILIATION, state__in=SyncRun.OPEN)
    waiting = Count("ranges", filter=Q(ranges__state=RunRange.State.WAITING))
    counted = open_runs.annotate(waiting=waiting).values_list("pk", "waiting")
    return [(run_id, max(1, ranges)) for run_id, ranges in counted]


def connections_never_reconciled() -> list[UUID]:
    """A new connection is read completely at once, not only at night."""
    runs = SyncRun.objects.filter(connection=OuterRef("pk"), kind=SyncRun.Kind.RECONCILIATION)
    active = Connection.objects.filter(status=Connection.Status.ACTIVE)
    return list(active.exclude(Exists(runs)).values_list("pk", flat=True))


def connections_with_due_catalogue(now: datetime) -> list[UUID]:
    """A quarter of an hour after the last attempt, or where somebody asked for it."""
    catalogues = SyncRun.objects.filter(connection=OuterRef("pk"), kind=SyncRun.Kind.CATALOGUE)
    recent = catalogues.filter(created_at__gt=now - CATALOGUE_EVERY)
    waiting = catalogues.filter(state__in=SyncRun.OPEN)
    active = Connection.objects.filter(status=Connection.Status.ACTIVE)
    return list(active.filter(~Exists(recent) | Q(Exists(waiting))).values_list("pk", flat=True))
