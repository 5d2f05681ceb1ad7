"""How current a connection's traits are: never green while nothing comes in, or while what came in waits.

Everything is read from the rows of the inbox, so every process says the same, whoever did the work. How long silence
may last follows from the account's own rhythm: a shop that never pauses is suspicious after two hours, one that
sleeps at night after the second night, one with three events a week after days.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from connector import statements
from connector.models import Connection
from connector.status import Sign
from sync.models import RefreshRequest, StripeEvent

_LAG_EVENTS = 1_000
_SHORTEST_SILENCE = timedelta(hours=1)
_LONGEST_SILENCE = timedelta(days=7)
_UNKNOWN_RHYTHM = timedelta(days=1)
_LOOKS_BACK_DAYS = 28
_LOOKS = 400
_TOLERANCE = 2
"""A silence of so many usual ones is one too long."""
_BEHIND = timedelta(minutes=5)
"""Longer than any pause after a first failure; an event that waits as long shows that nobody works."""

LABEL = "Real-time events"
"""Of the sign; the connection's own sign of this name gives way to it."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """Of one connection. Lags are seconds from receipt to visible traits, over the newest thousand events of a day.

    An event that still waits counts with the time that it has waited. ``waiting_since`` is when the oldest of the
    ``backlog`` was received; ``failed`` are parked; ``refreshes`` wait to be read, ``stuck`` of them failed before.
    """

    newest_event_at: datetime | None
    received_at: datetime | None
    backlog: int
    waiting_since: datetime | None
    failed: int
    refreshes: int
    stuck: int
    lag_p50: float | None
    lag_p95: float | None
    lag_p99: float | None
    expected_within: timedelta

    @property
    def is_live(self) -> bool:
        """Whether the last event came as recently as the account's rhythm lets expect."""
        return self.received_at is not None and timezone.now() - self.received_at <= self.expected_within

    @property
    def is_behind(self) -> bool:
        """Whether events wait for longer than they should."""
        return self.waiting_since is not None and timezone.now() - self.waiting_since > _BEHIND

    @property
    def badge(self) -> tuple[str, str]:
        """(kind, text) of the status badge."""
        if self.received_at is None:
            return ("warning", "No events yet")
        if not self.is_live:
            return ("warning", f"No events since {self.received_at:%-d %b %Y, %H:%M} UTC")
        return ("warning", "Behind") if self.is_behind else ("success", "Live")


def contribute_signs(connection: Connection) -> list[Sign]:
    """What the connection's page should say of its events."""
    found = read_freshness(connection)
    signs = []
    if found.received_at and not found.is_live:
        text = "Longer than this account usually is without events. Send a test event to be sure."
        signs.append(Sign(LABEL, "warning", "Silent", text, found.received_at))
    elif found.is_behind:
        text = "Events arrive, and wait: no worker takes them in, or Stripe sends more than it can."
        signs.append(Sign(LABEL, "warning", "Behind", text, found.received_at))
    elif found.received_at:
        signs.append(Sign(LABEL, "success", "Live", "Traits follow within seconds.", found.received_at))
    if found.failed:
        text = "They could not be applied; they are listed below. Reconciliation repairs what they left out."
        signs.append(Sign("Failed events", "warning", str(found.failed), text))
    return signs


def failed_events(connection: Connection, *, limit: int = 5) -> list[StripeEvent]:
    """The newest that were parked."""
    failed = StripeEvent.objects.filter(connection=connection, state=StripeEvent.State.FAILED)
    return list(failed.defer("payload").order_by("-created", "-id")[:limit])


def read_freshness(connection: Connection) -> Freshness:
    """Of one connection."""
    return freshness_of([connection.id])[connection.id]


def freshness_of(connection_ids: list[UUID]) -> dict[UUID, Freshness]:
    """Of many connections in one statement."""
    found = statements.rows(_SQL, [_LAG_EVENTS, _LOOKS_BACK_DAYS, _LOOKS, connection_ids])
    return {row[0]: _freshness(*row[1:]) for row in found}


def _freshness(
    newest_event_at: datetime | None,
    received_at: datetime | None,
    backlog: int,
    waiting_since: datetime | None,
    failed: int,
    refreshes: int,
    stuck: int,
    lags: list[float] | None,
    usual_silence: timedelta | None,
) -> Freshness:
    p50, p95, p99 = lags or (None, None, None)
    expected = usual_silence * _TOLERANCE if usual_silence else _UNKNOWN_RHYTHM
    expected = min(max(expected, _SHORTEST_SILENCE), _LONGEST_SILENCE)
    return Freshness(
        newest_event_at, received_at, backlog, waiting_since, failed, refreshes, stuck, p50, p95, p99, expected
    )


_EVENTS = StripeEvent._meta.db_table
# The rhythm is the second longest silence: one outage must not excuse the next. It is read in leaps of an hour at
# least, one look into the index each, so that a busy account costs no more than a quiet one.
_SQL = f"""
    SELECT c.id, newest.created, newest.received_at, waiting.number, waiting.since,
        (SELECT count(*) FROM {_EVENTS} e WHERE e.connection_id = c.id AND e.state = 'failed'),
        refreshes.number, refreshes.stuck, lags.percentiles, rhythm.silence
    FROM {Connection._meta.db_table} c
    LEFT JOIN LATERAL (
        SELECT e.created, e.received_at FROM {_EVENTS} e WHERE e.connection_id = c.id
        ORDER BY e.created DESC LIMIT 1
    ) newest ON true
    CROSS JOIN LATERAL (
        SELECT count(*) AS number, min(e.received_at) AS since FROM {_EVENTS} e
        WHERE e.connection_id = c.id AND e.state = 'received'
    ) waiting
    CROSS JOIN LATERAL (
        SELECT count(*) AS number, count(*) FILTER (WHERE r.error <> '') AS stuck
        FROM {RefreshRequest._meta.db_table} r WHERE r.connection_id = c.id
    ) refreshes
    CROSS JOIN LATERAL (
        SELECT percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (
            ORDER BY extract(epoch FROM coalesce(e.applied_at, clock_timestamp()) - e.received_at)::float
        ) AS percentiles
        FROM (
            SELECT e.applied_at, e.received_at, e.state FROM {_EVENTS} e
            WHERE e.connection_id = c.id ORDER BY e.created DESC LIMIT %s
        ) e
        WHERE e.state IN ('applied', 'received') AND e.received_at > now() - interval '1 day'
    ) lags
    CROSS JOIN LATERAL (
        WITH RECURSIVE heard(at, earlier, looks) AS (
            SELECT NULL::timestamptz, newest.created, 0
            UNION ALL
            SELECT heard.earlier, (
                    SELECT e.created FROM {_EVENTS} e
                    WHERE e.connection_id = c.id AND e.created <= heard.earlier - interval '1 hour'
                    ORDER BY e.created DESC LIMIT 1
                ), heard.looks + 1
            FROM heard WHERE heard.earlier > newest.created - make_interval(days => %s)
                AND heard.looks < %s
        )
        SELECT (SELECT at - earlier FROM heard WHERE at - earlier IS NOT NULL
            ORDER BY at - earlier DESC OFFSET 1 LIMIT 1) AS silence
    ) rhythm
    WHERE c.id = ANY(%s)
"""  # noqa: S608  names of tables
