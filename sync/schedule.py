"""Which connections' nightly sync is due, and the claim that only one process can make."""

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from connector.host import get_host
from connector.models import Connection
from sync.models import Night

JITTER = timedelta(minutes=15)


def latest_due_date(now: datetime, timezone: ZoneInfo, at: time, jitter: timedelta) -> tuple[date, datetime]:
    """The latest local date whose sync should have started by ``now``, and when that was in UTC.

    A time that the clocks skip counts as if they had not been changed; one that comes twice counts the first time.
    """
    today = now.astimezone(timezone).date()
    for day in (today, today - timedelta(days=1)):
        start = datetime.combine(day, at, timezone).astimezone(UTC) + jitter
        if start <= now:
            return day, start
    earlier = today - timedelta(days=2)
    return earlier, datetime.combine(earlier, at, timezone).astimezone(UTC) + jitter


def jitter_of(connection_id: UUID) -> timedelta:
    """Always the same for a connection, spread over ``JITTER``, so that not all start in the same second."""
    share = int.from_bytes(hashlib.sha256(connection_id.bytes).digest()[:4]) / 2**32
    return JITTER * share


def next_start(connection: Connection, now: datetime) -> datetime:
    """When the next nightly sync starts, in UTC."""
    zone, jitter = _zone(connection), jitter_of(connection.pk)
    day, _ = latest_due_date(now, zone, connection.schedule_time, jitter)
    following = datetime.combine(day + timedelta(days=1), connection.schedule_time, zone)
    return following.astimezone(UTC) + jitter


def claim_due_nights(now: datetime) -> list[Night]:
    """Open a night for every connection that is due. However many were missed, only the latest is caught up."""
    active = Connection.objects.filter(status=Connection.Status.ACTIVE)
    return [night for connection in active if (night := _claim(connection, now))]


def _claim(connection: Connection, now: datetime) -> Night | None:
    day, start = latest_due_date(now, _zone(connection), connection.schedule_time, jitter_of(connection.pk))
    if connection.created_at > start or Night.objects.filter(connection=connection, local_date__gte=day).exists():
        return None
    try:
        with transaction.atomic():
            return Night.objects.create(connection=connection, local_date=day)
    except IntegrityError:
        return None  # another process was first, or last night has not ended


def _zone(connection: Connection) -> ZoneInfo:
    app = get_host().app(connection.app_id)
    return ZoneInfo(app.timezone if app else "UTC")
