"""Fixed SQL as prepared statements of the session, by psycopg's own conversions and without its cursors.

https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY, by
https://www.psycopg.org/psycopg3/docs/api/pq.html

A cursor's work for one small statement took as long as PostgreSQL's, and a click has a dozen of them. Nothing that
varies may be worded into the SQL: each wording is kept, here and by the server.
"""

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import count
from typing import Any, NamedTuple, TypeAlias, cast

from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import generators
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import Error, error_from_result
from psycopg.pq import ExecStatus, TransactionStatus

Values: TypeAlias = Sequence[Any] | Mapping[str, Any]

_DONE = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)


def rows(sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
    """What the statement answers. Raises ``django.db.Error``."""
    answered: list[tuple[Any, ...]] = _run(sql, values, _Session.rows, lambda cursor: cursor.fetchall())
    return answered


def execute(sql: str, values: Values = ()) -> int:
    """How many rows the statement wrote. Raises ``django.db.Error``."""
    written: int = _run(sql, values, _Session.written, lambda cursor: cursor.rowcount)
    return written


def _run(
    sql: str,
    values: Values,
    in_session: Callable[["_Session", str, Values], Any],
    of_cursor: Callable[[Any], Any],
) -> Any:
    database: Any = connections[DEFAULT_DB_ALIAS]
    if _is_watched(database):
        with database.cursor() as cursor:
            cursor.execute(sql, values)
            return of_cursor(cursor)
    session = _session_of(database)
    try:
        return in_session(session, sql, values)
    except Error:
        with database.wrap_database_errors:
            raise


def _is_watched(database: Any) -> bool:
    """Whether somebody listens to Django's own cursors.

    https://docs.djangoproject.com/en/5.2/topics/db/instrumentation/
    """
    return bool(database.execute_wrappers or database.queries_logged)


class _Wording(NamedTuple):
    """SQL as PostgreSQL takes it, and in which format each value goes; ``names`` where values come by name."""

    query: bytes
    formats: list[PyFormat]
    names: list[str]


_PLACE = re.compile(r"%(?:%|s|\((\w+)\)s)")


@cache
def _worded(sql: str) -> _Wording:
    """https://www.psycopg.org/psycopg3/docs/basic/params.html, as ``$1`` and so on."""
    names: list[str] = []
    formats: list[PyFormat] = []

    def place(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        if found[1] in names:
            return f"${names.index(found[1]) + 1}"
        if found[1]:
            names.append(found[1])
        formats.append(PyFormat.AUTO)
        return f"${len(formats)}"

    return _Wording(_PLACE.sub(place, sql).encode(), formats, names)


_numbers = count()
"""A session that goes from thread to thread, as a pool's does, gets each name once."""


class _Session:
    """One session of PostgreSQL, and the statements that it has prepared: by their wording and their values' types."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self._adapt = Transformer(connection)
        self._names: dict[tuple[str, tuple[int, ...]], bytes] = {}

    def rows(self, sql: str, values: Values) -> list[tuple[Any, ...]]:
        result = self._run(sql, values)
        self._adapt.set_pgresult(result)
        return self._adapt.load_rows(0, result.ntuples, tuple)

    def written(self, sql: str, values: Values) -> int:
        return self._run(sql, values).command_tuples or 0

    def _run(self, sql: str, values: Values) -> Any:
        worded = _worded(sql)
        listed: Any = [cast("Any", values)[name] for name in worded.names] if worded.names else values
        server = self.connection.pgconn
        with self.connection.lock:
            parameters = self._adapt.dump_sequence(listed, worded.formats)
            types, formats = self._adapt.types or (), self._adapt.formats
            if server.transaction_status == TransactionStatus.IDLE and not self.connection.autocommit:
                self._begin()
            name = self._names.get((sql, types)) or self._prepare(sql, worded.query, types)
            server.send_query_prepared(name, parameters, formats)
            return self._answer()

    def _begin(self) -> None:
        """As psycopg does before the first statement; ``connector.checks`` refuses other levels of isolation."""
        self.connection.pgconn.send_query(b"BEGIN")
        self._answer()

    def _prepare(self, sql: str, query: bytes, types: tuple[int, ...]) -> bytes:
        name = f"engage_{next(_numbers)}".encode()
        self.connection.pgconn.send_prepare(name, query, types)
        self._answer()
        self._names[sql, types] = name
        return name

    def _answer(self) -> Any:
        (result,) = self.connection.wait(generators.execute(self.connection.pgconn))
        if result.status not in _DONE:
            raise error_from_result(result, encoding="utf-8")
        return result


class _Kept(threading.local):
    """This thread's session: Django too has one for each thread."""

    session: _Session | None = None


_kept = _Kept()


def _session_of(database: Any) -> _Session:
    if database.connection is None or not database.health_check_done:
        database.close_if_health_check_failed()
        database.ensure_connection()
    if database.needs_rollback:
        database.validate_no_broken_transaction()
    session = _kept.session
    if session is None or session.connection is not database.connection:
        session = _kept.session = _Session(database.connection)
    return session
