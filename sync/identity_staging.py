"""The staging table of an identity import: a temporary table, gone with the session."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from sync.identity_csv import Batch, Header
from sync.identity_rows import PlainRows

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


def stage(rows: Batch | PlainRows, header: Header) -> None:
    """Append good rows. An empty cell becomes NULL, as COPY reads unquoted emptiness in CSV."""
    if isinstance(rows, PlainRows):
        with connection.cursor() as cursor:
            cursor.execute("SELECT setval('staged_line', %s, false)", [rows.first_line])
        _copy(header.columns, header.delimiter, rows.text)
    else:
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerows(rows.rows)
        _copy(["line", "user_id", "stripe_id", "email_address"], ",", buffer.getvalue())


def _copy(columns: list[str], delimiter: str, text: str) -> None:
    statement = f"COPY staged_identity ({', '.join(columns)}) FROM STDIN (FORMAT csv, DELIMITER '{delimiter}')"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(text)
