"""Reads of traits. Every one starts from the App; which mode it reads is what serves the App now."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from connector import statements
from connector.errors import InvalidInputError, NotFoundError
from connector.models import Connection
from connector.selectors import app_connections, disconnected, serving_connection
from sync.models import Identity, UserTraits
from sync.projection_sql import TRAIT_NAMES
from sync.staleness import mark_stale

PAGE = 500

_SETTLED = RawSQL(
    """(
        SELECT coalesce(min(running.xid::text::bigint), max(pg_snapshot_xmax(pg_current_snapshot())::text::bigint))
        FROM (SELECT) AS one
        LEFT JOIN pg_snapshot_xip(pg_current_snapshot()) AS running(xid) ON NOT EXISTS (
            SELECT FROM pg_stat_activity other
            WHERE other.datname <> current_database() AND other.backend_xid = running.xid::xid)
    )""",
    [],
)
"""This database's transactions below it are over, so no row with a lower ``version`` can still appear.

Those of other databases of the server write no row here. Whose a transaction is that has just ended is not known any
more; then it counts as ours. https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-SNAPSHOT
"""


@dataclass(frozen=True, slots=True)
class TraitsPage:
    """``cursor`` continues, now or whenever something changed; it is there on the last page too."""

    results: list[dict[str, Any]]
    cursor: str
    has_more: bool


def shown_connection(*, app_id: UUID) -> Connection | None:
    """The connection whose traits are shown: the one that serves the App, else one that did, disconnected last."""
    connections = app_connections(app_id=app_id) or disconnected(app_id=app_id)
    return serving_connection(app_id=app_id) or (connections[0] if connections else None)


def describe_user(*, app_id: UUID, user_id: str) -> dict[str, Any]:
    """``{"user_id", "traits", "updated_at", "stale"}``. ``NotFoundError`` for a user that this App does not know."""
    row = _rows(app_id).filter(user_id=user_id).first()
    if row is not None:
        return describe(row)
    links = Identity.objects.filter(app_id=app_id, user_id=user_id)
    link = mark_stale(links, shown_connection(app_id=app_id)).first()
    if link is None:
        raise NotFoundError("user_not_found", "This App has no such user. Import identities or set this one.")
    traits = dict.fromkeys(TRAIT_NAMES) | {"subscription_status": "NONE"}
    stale = bool(link.stale)  # type: ignore[attr-defined]
    return {"user_id": user_id, "traits": traits, "updated_at": None, "stale": stale}


def changed_users(
    *, app_id: UUID, updated_since: datetime | None = None, cursor: str | None = None, limit: int = PAGE
) -> TraitsPage:
    """Users whose traits changed, each with the traits of now, oldest change first; no change is ever left out.

    A change shows once every older transaction is over, so that a cursor never steps over a late one.
    ``InvalidInputError`` for a cursor that is not ours, or of the other mode.
    """
    connection = shown_connection(app_id=app_id)
    livemode = connection is None or connection.livemode
    version, row_id = _parse_cursor(cursor, livemode=livemode)
    rows = _rows(app_id).filter(version__gte=max(version, 1), version__lt=_SETTLED)
    rows = rows.exclude(version=version, id__lte=row_id)
    if updated_since and not cursor:
        rows = rows.filter(updated_at__gte=updated_since)
    found = list(rows.order_by("version", "id")[: limit + 1])
    shown = found[:limit]
    if shown:
        _bring_to_disk()
        version, row_id = shown[-1].version, shown[-1].pk
    return TraitsPage(
        results=[describe(row) for row in shown],
        cursor=f"{_mode(livemode=livemode)}.{version}.{row_id}",
        has_more=len(found) > limit,
    )


def _bring_to_disk() -> None:
    """What was read lasts: a click's commit does not wait for the disk, and after a crash that took it back, another
    change could get its transaction id, which a reader has passed. A commit that waits brings all earlier ones along.

    https://www.postgresql.org/docs/current/wal-async-commit.html
    """
    statements.execute("SELECT pg_logical_emit_message(true, 'engage', '')")


def describe(row: UserTraits) -> dict[str, Any]:
    """One user as the API answers; the row comes from ``_rows``."""
    return {
        "user_id": row.user_id,
        "traits": {name: _as_json(getattr(row, name)) for name in TRAIT_NAMES},
        "updated_at": _as_json(row.updated_at),
        "stale": bool(row.stale),  # type: ignore[attr-defined]
    }


def _rows(app_id: UUID) -> QuerySet[UserTraits]:
    """The App's rows in the mode shown, with ``stale``."""
    connection = shown_connection(app_id=app_id)
    livemode = connection is None or connection.livemode
    return mark_stale(UserTraits.objects.filter(app_id=app_id, livemode=livemode), connection)


def _parse_cursor(cursor: str | None, *, livemode: bool) -> tuple[int, int]:
    if not cursor:
        return 0, 0
    mode, _, place = cursor.partition(".")
    version, _, row_id = place.partition(".")
    numbers = version.isdecimal() and row_id.isdecimal() and len(place) < 38
    if mode != _mode(livemode=livemode) or not numbers:
        raise InvalidInputError(
            "invalid_cursor",
            f"This cursor is not one of the App's {_mode(livemode=livemode)} traits. Start again without it.",
        )
    return int(version), int(row_id)


def _mode(*, livemode: bool) -> str:
    return "live" if livemode else "test"


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if isinstance(value, date) else value
