"""Storing events: one statement, whatever the number of connections that an account's event goes to."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection as database

from sync.facts import Json
from sync.json_fields import required_text, text
from sync.models import StripeEvent
from sync.stripe_events import created_second

_INSERT = f"""
    INSERT INTO {StripeEvent._meta.db_table} (connection_id, event_id, type, created, api_version, livemode,
        payload, state, attempts, not_before, error, received_at)
    SELECT c, %s, %s, to_timestamp(%s), %s, %s, %s::jsonb, 'received', 0, now(), '', now()
    FROM unnest(%s::uuid[]) AS c ORDER BY c
    ON CONFLICT (connection_id, event_id) DO NOTHING
"""  # noqa: S608  table name

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


def store(*, connection_ids: Sequence[UUID], fields: Fields, payload: str) -> int:
    """Insert the event for each connection that has not got it. Returns for how many it was new.

    ``DataError`` for JSON that PostgreSQL cannot keep, such as a number of a million digits.
    """
    if _UNSTORABLE.search(payload):
        payload = json.dumps(_storable(json.loads(payload)))
    values: tuple[Any, ...] = (fields.event_id, fields.type, fields.created, fields.api_version, fields.livemode)
    with database.cursor() as cursor:
        cursor.execute(_INSERT, [*values, payload, list(connection_ids)])
        stored: int = cursor.rowcount
        return stored


def keep(*, connection_ids: Sequence[UUID], event: Json) -> int:
    """Store an event that was read, for example from ``GET /v1/events``. Raises ``UnreadableError``."""
    return store(connection_ids=connection_ids, fields=envelope(event), payload=json.dumps(event))


def envelope(event: Json) -> Fields:
    """Raises ``UnreadableError`` for what cannot be an event."""
    return Fields(
        event_id=required_text(event, "id"),
        type=required_text(event, "type"),
        created=created_second(event),
        api_version=text(event, "api_version", 64) or "",
        livemode=event.get("livemode") is True,
    )


def _storable(value: Any) -> Any:
    """The value without NUL and lone surrogates in its texts."""
    match value:
        case str():
            return value.replace("\0", "").encode(errors="replace").decode()
        case dict():
            return {_storable(key): _storable(one) for key, one in value.items()}
        case list():
            return [_storable(one) for one in value]
        case _:
            return value
