"""Fixed SQL, by cursors of psycopg's that are kept for as long as their session, one for each wording.

Making one of Django's, wrapping its methods and closing it is a quarter of what a small statement takes, and a click
has a dozen of them. One that runs the same statement again knows how its values are converted. Nothing that varies may
be worded into the SQL: each wording would keep a cursor.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from django.db import DEFAULT_DB_ALIAS, connections

Values: TypeAlias = Sequence[Any] | Mapping[str, Any]


def rows(sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
    """What the statement answers. Raises ``django.db.Error``."""
    answered: list[tuple[Any, ...]] = _run(sql, values, lambda cursor: cursor.fetchall())
    return answered


def execute(sql: str, values: Values = ()) -> int:
    """How many rows the statement wrote. Raises ``django.db.Error``."""
    written: int = _run(sql, values, lambda cursor: cursor.rowcount)
    return written


def _run(sql: str, values: Values, read: Callable[[Any], Any]) -> Any:
    database: Any = connections[DEFAULT_DB_ALIAS]
    cursor = _cursor_of(database, sql)
    with database.wrap_database_errors:
        cursor.execute(sql, values)
        return read(cursor)


class _Kept(threading.local):
    """This thread's cursors by statement, and their session: Django too has one for each thread."""

    def __init__(self) -> None:
        self.session: Any = None
        self.cursors: dict[str, Any] = {}


_kept = _Kept()


def _cursor_of(database: Any, sql: str) -> Any:
    """Django's own cursor where somebody listens to it.

    https://docs.djangoproject.com/en/5.2/topics/db/instrumentation/
    """
    if database.execute_wrappers or database.queries_logged:
        return database.cursor()
    if database.connection is None or not database.health_check_done:
        database.close_if_health_check_failed()
        database.ensure_connection()
    if _kept.session is not database.connection:
        _kept.session = database.connection
        _kept.cursors.clear()
    if database.needs_rollback:
        database.validate_no_broken_transaction()
    cursor = _kept.cursors.get(sql)
    if cursor is None:
        cursor = _kept.cursors[sql] = _kept.session.cursor()
    return cursor
