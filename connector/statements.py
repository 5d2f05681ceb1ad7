"""Fixed SQL, by a cursor of psycopg's that is kept for as long as its session.

Making one of Django's, wrapping its methods and closing it is a quarter of what a small statement takes, and a click
has a dozen of them.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections


def rows(sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
    """What the statement answers. Raises ``django.db.Error``."""
    database, cursor = _database_and_cursor()
    with database.wrap_database_errors:
        cursor.execute(sql, values)
        answered: list[tuple[Any, ...]] = cursor.fetchall()
    return answered


def execute(sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> int:
    """How many rows the statement wrote. Raises ``django.db.Error``."""
    database, cursor = _database_and_cursor()
    with database.wrap_database_errors:
        cursor.execute(sql, values)
    written: int = cursor.rowcount
    return written


class _Kept(threading.local):
    """This thread's cursor, and its session: Django too has one for each thread."""

    session: Any = object()  # like no session, and like none
    cursor: Any = None


_kept = _Kept()


def _database_and_cursor() -> tuple[Any, Any]:
    """Django's own cursor where somebody listens to it.

    https://docs.djangoproject.com/en/5.2/topics/db/instrumentation/
    """
    database: Any = connections[DEFAULT_DB_ALIAS]
    if database.execute_wrappers or database.queries_logged:
        return database, database.cursor()
    if _kept.session is not database.connection or not database.health_check_done:
        database.close_if_health_check_failed()
        database.ensure_connection()
        if _kept.session is not database.connection:
            _kept.session, _kept.cursor = database.connection, database.connection.cursor()
    if database.needs_rollback:
        database.validate_no_broken_transaction()
    return database, _kept.cursor
