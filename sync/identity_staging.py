"""The staging table of an identity import: a temporary table, gone with the session."""

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain, islice

from django.db import connection

from sync.identity_csv import Batch, Header
from sync.identity_rows import PlainRows

Rows = Batch | PlainRows
CHUNKS_AT_ONCE = 16

_COPY_BATCH = "COPY staged_identity (line, user_id, stripe_id, email_address) FROM STDIN (FORMAT csv)"
_DROP = """
DROP TABLE IF EXISTS staged_identity, repeated_user, identity_change;
DROP SEQUENCE IF EXISTS staged_line
"""
_CREATE = """
CREATE TEMP SEQUENCE staged_line CACHE 10000;
CREATE TEMP TABLE staged_identity (
    line bigint DEFAULT nextval('staged_line'), user_id text, stripe_id text, email_address text
)
"""


@contextmanager
def staging_table() -> Iterator[None]:
    """An empty staging table for as long as the block lasts; an error leaves it to the next import."""
    with connection.cursor() as cursor:
        cursor.execute(_DROP)
        cursor.execute(_CREATE)
    yield
    with connection.cursor() as cursor:
        cursor.execute(_DROP)


def stage(judged: Iterator[Rows], header: Header, on_rows: Callable[[Rows], None]) -> bool:
    """Append some more good rows; False where there are none left.

    An empty cell becomes NULL, as COPY reads unquoted emptiness in CSV. Plain rows that follow each other share a
    COPY: PostgreSQL reads some while the next are recognised.
    """
    first = batch = next(judged, None)
    if isinstance(first, PlainRows):
        together = chain([first], islice(judged, CHUNKS_AT_ONCE - 1))
        batch = _stage_plain(together, first.first_line, header, on_rows)
    if isinstance(batch, Batch):
        _stage_batch(batch)
        on_rows(batch)
    return first is not None


def _stage_plain(
    rows: Iterator[Rows], first_line: int, header: Header, on_rows: Callable[[Rows], None]
) -> Batch | None:
    """Copy plain rows until a batch comes, and return that."""
    columns, delimiter = ", ".join(header.columns), header.delimiter
    statement = f"COPY staged_identity ({columns}) FROM STDIN (FORMAT csv, DELIMITER '{delimiter}')"
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('staged_line', %s, false)", [first_line])
        with cursor.copy(statement) as copy:
            for one in rows:
                if isinstance(one, Batch):
                    return one
                copy.write(one.text)
                on_rows(one)
    return None


def _stage_batch(batch: Batch) -> None:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(batch.rows)
    with connection.cursor() as cursor, cursor.copy(_COPY_BATCH) as copy:
        copy.write(buffer.getvalue())
