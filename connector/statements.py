"""Fixed SQL, by a cursor of psycopg's that is kept for as long as its session.

Making one of Django's, wrapping its methods and closing it is a quarter of what a small statement takes, and a click
has a dozen of them.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper


def rows(sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
    """What the statement answers. Raises ``django.db.Error``."""
    database = connections[DEFAULT_DB_ALIAS]
    cursor = _cursor_of(database)
    with database.wrap_database_errors:
        cursor.execute(sql, values)
        answered: list[tuple[Any, ...]] = cursor.fetchall()
    return answered


def execute(sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> int:
    """How many rows the statement wrote. Raises ``django.db.Error``."""
    database = connections[DEFAULT_DB_ALIAS]
    cursor = _cursor_of(database)
    with database.wrap_database_errors:
        cursor.execute(sql, values)
    written: int = cursor.rowcount
    return written


class _Kept(threading.local):
    """This thread's cursor, and its session: Django too has one for each thread."""

    session: Any = None
    cursor: Any = None


_kept = _Kept()


def _cursor_of(database: BaseDatabaseWrapper) -> Any:
    """Django's own where somebody listens to it.

    https://docs.djangoproject.com/en/5.2/topics/db/instrumentation/
    """
    if database.queries_logged or database.execute_wrappers:
        return database.cursor()
    database.close_if_health_check_failed()
    database.ensure_connection()
    database.validate_no_broken_transaction()
    if _kept.session is not database.connection:
        _kept.session = database.connection
        _kept.cursor = database.connection.cursor()
    return _kept.cursor
