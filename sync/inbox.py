"""Drain the inbox: claim a batch, read it, take it in, mark it. One transaction, a constant number of statements.

Any number of workers may drain at once. A poisoned event is found by halving, retried with growing pauses and
parked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from django.db import InterfaceError, OperationalError, transaction

from connector import statements
from connector.lifecycle import handle_deauthorization
from connector.models import Connection
from sync import inbox_sql as sql
from sync.facts import Reading
from sync.observations import apply_observations
from sync.observed import ConnectionId, Observation, event_rank
from sync.records import as_records
from sync.stripe_events import is_deauthorization, read_event

BATCH = 500
MAX_ATTEMPTS = 8
"""Pauses of 10 s, 20 s … 10 min: an event is parked after about twenty minutes."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class InboxEvent:
    """A claimed row. ``created`` in epoch seconds; ``customer`` is known once it was read."""

    id: int
    connection_id: ConnectionId
    event_id: str
    type: str
    created: int
    payload: str | None
    attempts: int
    state: str = "applied"
    error: str = ""
    customer: str | None = None

    def fail(self, error: Exception) -> None:
        self.attempts += 1
        self.state = "received" if self.attempts < MAX_ATTEMPTS else "failed"
        self.error = f"{type(error).__name__}: {error}"[:2000]


def drain(*, batch: int = BATCH) -> int:
    """Apply everything that waits. Returns how many events were taken from the inbox."""
    total = 0
    while taken := apply_batch(limit=batch):
        total += taken
    return total


def apply_batch(*, limit: int = BATCH) -> int:
    """Apply up to ``limit`` events that no other worker holds. Returns how many were claimed."""
    return len(_apply(sql.CLAIM, limit))


def _apply(claim: str, parameter: int | list[int]) -> list[InboxEvent]:
    """Claim and take in together; if that fails, each half alone, down to the one event that cannot be taken in.

    Every attempt is a transaction of its own, so a worker that looks for a poisoned event holds no locks meanwhile.
    """
    claimed: list[InboxEvent] = []
    try:
        with transaction.atomic():
            claimed = _claim(claim, parameter)
            if claimed:
                _take_in(claimed, _load_connections(claimed))
                _mark(claimed)
    except (OperationalError, InterfaceError):
        raise  # the database's trouble, not an event's: all of them stay in the inbox
    except Exception as error:
        if not claimed:
            raise
        _apply_apart(claimed, error)  # whatever one event does, it must not hold up the others
    return claimed


def _apply_apart(events: list[InboxEvent], error: Exception) -> None:
    ids = [one.id for one in events]
    if len(ids) > 1:
        middle = len(ids) // 2
        for half in (ids[:middle], ids[middle:]):
            _apply(sql.CLAIM_THESE, half)
        return
    log.warning("event_failed", event_id=events[0].event_id, error=repr(error))
    with transaction.atomic():
        failed = _claim(sql.CLAIM_THESE, ids)
        for one in failed:
            one.customer = events[0].customer
            one.fail(error)
        _mark(failed)


def _claim(claim: str, parameter: int | list[int]) -> list[InboxEvent]:
    return [InboxEvent(*row) for row in statements.rows(claim, [parameter])]


def _load_connections(events: Sequence[InboxEvent]) -> dict[ConnectionId, Connection]:
    """Without the secrets, which nobody here needs."""
    fields = ("app_id", "method", "status", "livemode", "stripe_account_id", "permissions")
    found = Connection.objects.only(*fields).filter(id__in={event.connection_id for event in events})
    return {str(connection.id): connection for connection in found}


def _take_in(events: list[InboxEvent], connections: dict[ConnectionId, Connection]) -> None:
    observations = []
    for event in events:
        connection = connections[event.connection_id]
        reading = _read(event) if connection.status in sql.SERVED else Reading()
        event.customer = reading.customer
        if reading.facts or reading.doubts:
            observations.append(_observation(event, reading))
        elif is_deauthorization(event.type):
            handle_deauthorization(
                stripe_account_id=connection.stripe_account_id, livemode=connection.livemode, at=event.created
            )
        elif not event.error:
            event.state = "ignored"
    if observations:
        seen = {one.connection_id: connections[one.connection_id] for one in observations}
        apply_observations(observations, connections=seen)


def _read(event: InboxEvent) -> Reading:
    """What the event says. An event that cannot be read fails alone, without disturbing the others."""
    event.state, event.error = "applied", ""
    try:
        if event.payload is None:
            raise ValueError("The payload has expired.")  # noqa: TRY301
        return read_event(orjson.loads(event.payload))
    except (ValueError, RecursionError) as error:
        event.fail(error)
        return Reading()


def _observation(event: InboxEvent, reading: Reading) -> Observation:
    source: dict[str, Any] = {"event": event.event_id, "type": event.type, "at": event.created}
    return Observation(event.connection_id, event_rank(event.created), source, reading.facts, reading.doubts)


def _mark(events: Sequence[InboxEvent]) -> None:
    rows = [
        {"id": one.id, "state": one.state, "attempts": one.attempts, "error": one.error, "customer": one.customer}
        for one in events
    ]
    statements.execute(sql.MARK, [as_records(rows), list({one.connection_id for one in events})])
