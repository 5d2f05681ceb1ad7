"""How current a connection's traits are: never green while nothing comes in.

How long silence may last follows from the account's own rhythm: a shop with an event a minute is suspicious after
an hour, one with three a week after days.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection as database
from django.utils import timezone

from connector.models import Connection
from connector.status import Sign
from sync.models import RefreshRequest, StripeEvent

_RHYTHM_EVENTS = 50
_LAG_EVENTS = 1_000
_SHORTEST_SILENCE = timedelta(hours=1)
_LONGEST_SILENCE = timedelta(days=7)
_GAPS = 4
"""A silence of so many of the longest recent gaps is one too long."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """Of one connection. Lags are seconds from receipt to visible traits, over the newest thousand events."""

    newest_event_at: datetime | None
    received_at: datetime | None
    backlog: int
    failed: int
    refreshes: int
    lag_p50: float | None
    lag_p95: float | None
    lag_p99: float | None
    expected_within: timedelta

    @property
    def is_live(self) -> bool:
        """Whether the last event came as recently as the account's rhythm lets expect."""
        return self.received_at is not None and timezone.now() - self.received_at <= self.expected_within

    @property
    def badge(self) -> tuple[str, str]:
        """(kind, text) of the status badge."""
        if self.is_live:
            return ("success", "Live")
        if self.received_at is None:
            return ("warning", "No events yet")
        return ("warning", f"No events since {self.received_at:%-d %b %Y, %H:%M} UTC")


def contribute_signs(connection: Connection) -> list[Sign]:
    """What the connection's page should say beyond when things last arrived."""
    found = read_freshness(connection)
    signs = []
    if found.received_at and not found.is_live:
        text = "Longer than this account usually is without events. Send a test event to be sure."
        signs.append(Sign("Rhythm of events", "warning", "Silent", text, found.received_at))
    if found.failed:
        text = "They could not be applied; look at Data sync. Reconciliation repairs what they left out."
        signs.append(Sign("Failed events", "warning", str(found.failed), text))
    return signs


def read_freshness(connection: Connection) -> Freshness:
    """Of one connection."""
    return freshness_of([connection.id])[connection.id]


def freshness_of(connection_ids: list[UUID]) -> dict[UUID, Freshness]:
    """Of many connections in one statement."""
    with database.cursor() as cursor:
        cursor.execute(_SQL, [_LAG_EVENTS, _RHYTHM_EVENTS, connection_ids])
        return {row[0]: _freshness(*row[1:]) for row in cursor.fetchall()}


def _freshness(
    newest_event_at: datetime | None,
    received_at: datetime | None,
    longest_gap: timedelta | None,
    backlog: int,
    failed: int,
    refreshes: int,
    lags: list[float] | None,
) -> Freshness:
    p50, p95, p99 = lags or (None, None, None)
    expected = (longest_gap or _LONGEST_SILENCE) * _GAPS
    expected = min(max(expected, _SHORTEST_SILENCE), _LONGEST_SILENCE)
    return Freshness(newest_event_at, received_at, backlog, failed, refreshes, p50, p95, p99, expected)


_EVENTS = StripeEvent._meta.db_table
_SQL = f"""
    SELECT c.id, newest.created, newest.received_at, rhythm.longest,
        (SELECT count(*) FROM {_EVENTS} e WHERE e.connection_id = c.id AND e.state = 'received'),
        (SELECT count(*) FROM {_EVENTS} e WHERE e.connection_id = c.id AND e.state = 'failed'),
        (SELECT count(*) FROM {RefreshRequest._meta.db_table} r WHERE r.connection_id = c.id),
        (SELECT percentile_cont(ARRAY[0.5, 0.95, 0.99])
            WITHIN GROUP (ORDER BY extract(epoch FROM e.applied_at - e.received_at))
            FROM (
                SELECT e.applied_at, e.received_at FROM {_EVENTS} e
                WHERE e.connection_id = c.id AND e.applied_at IS NOT NULL
                ORDER BY e.created DESC LIMIT %s
            ) e)
    FROM {Connection._meta.db_table} c
    LEFT JOIN LATERAL (
        SELECT e.created, e.received_at FROM {_EVENTS} e WHERE e.connection_id = c.id
        ORDER BY e.created DESC LIMIT 1
    ) newest ON true
    LEFT JOIN LATERAL (
        SELECT max(gap) AS longest FROM (
            SELECT created - lag(created) OVER (ORDER BY created) AS gap FROM (
                SELECT e.created FROM {_EVENTS} e WHERE e.connection_id = c.id
                ORDER BY e.created DESC LIMIT %s
            ) recent
        ) gaps
    ) rhythm ON true
    WHERE c.id = ANY(%s)
"""  # noqa: S608  names of tables
