"""Storing events: one statement, whatever the number of connections that an account's event goes to."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from connector import statements
from connector.models import Connection
from sync.facts import Json
from sync.json_fields import required_text, text
from sync.models import StripeEvent
from sync.receivers import ACCEPTING
from sync.records import storable
from sync.stripe_events import created_second

Outcome = Literal["stored", "duplicate", "wrong_mode", "foreign_account"]

_EVENTS = StripeEvent._meta.db_table
_COLUMNS = """connection_id, event_id, type, created, api_version, livemode, payload, state, attempts, not_before,
    error, received_at"""
_VALUES = "%s, %s, to_timestamp(%s), %s, %s, %s, 'received', 0, now(), '', now()"

_INSERT = f"""
    INSERT INTO {_EVENTS} ({_COLUMNS}) SELECT c, {_VALUES} FROM unnest(%s::uuid[]) AS c ORDER BY c
    ON CONFLICT (connection_id, event_id) DO NOTHING
"""  # noqa: S608  names of table and columns

_INSERT_FOR_ACCOUNT = f"""
    WITH connected AS MATERIALIZED (
        SELECT id, livemode = %s AS same_mode FROM {Connection._meta.db_table}
        WHERE stripe_account_id = %s AND method = 'connect' AND status = ANY(%s)
    ), stored AS (
        INSERT INTO {_EVENTS} ({_COLUMNS}) SELECT c.id, {_VALUES} FROM connected c WHERE c.same_mode ORDER BY c.id
        ON CONFLICT (connection_id, event_id) DO NOTHING RETURNING id
    )
    SELECT (SELECT count(*) FROM stored), count(*) FILTER (WHERE same_mode), count(*) FROM connected
"""  # noqa: S608  names of tables and columns
"""Whoever is connected when the event comes gets it: nothing about an account is remembered."""

_UNSTORABLE = re.compile(r"\\u(0000|d[89a-f])", re.IGNORECASE)
"""Escapes that may be NUL or half a character: https://www.postgresql.org/docs/current/datatype-json.html"""


@dataclass(frozen=True, slots=True)
class Fields:
    """An event's envelope. ``created`` in epoch seconds."""

    event_id: str
    type: str
    created: int
    api_version: str
    livemode: bool


def store(connection_ids: Sequence[UUID], fields: Fields, payload: str) -> Outcome:
    """Insert the event for each connection that has not got it.

    ``DataError`` for an envelope that PostgreSQL cannot keep: with NUL in the event's id.
    """
    stored = statements.execute(_INSERT, [*_values(fields, payload), list(connection_ids)])
    return "stored" if stored else "duplicate"


def store_for_account(account: str, fields: Fields, payload: str) -> Outcome:
    """Insert the event for each connection to the account by Stripe Connect, as ``store`` does."""
    values = [fields.livemode, account, list(ACCEPTING), *_values(fields, payload)]
    [(stored, in_this_mode, in_any_mode)] = statements.rows(_INSERT_FOR_ACCOUNT, values)
    if stored:
        return "stored"
    if in_this_mode:
        return "duplicate"
    return "wrong_mode" if in_any_mode else "foreign_account"


def _values(fields: Fields, payload: str) -> Sequence[Any]:
    if _UNSTORABLE.search(payload):
        payload = json.dumps(storable(json.loads(payload)))
    return (fields.event_id, fields.type, fields.created, fields.api_version, fields.livemode, payload)


def keep(*, connection_ids: Sequence[UUID], event: Json) -> Outcome:
    """Store an event that was read, for example from ``GET /v1/events``. Raises ``UnreadableError``."""
    return store(connection_ids, envelope(event), json.dumps(event))


def envelope(event: Json) -> Fields:
    """Raises ``UnreadableError`` for what cannot be an event."""
    return Fields(
        event_id=required_text(event, "id"),
        type=required_text(event, "type"),
        created=created_second(event),
        api_version=text(event, "api_version", 64) or "",
        livemode=event.get("livemode") is True,
    )
