"""The staging table of an identity import: a temporary table, gone with the session."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from sync.identity_csv import Batch

TABLE = "staged_identity"
_DROP = f"DROP TABLE IF EXISTS {TABLE}, repeated_user, identity_change"
_COPY = f"COPY {TABLE} (line, user_id, stripe_id, email_address) FROM STDIN (FORMAT csv)"


@contextmanager
def staging_table() -> Iterator[None]:
    """An empty staging table for as long as the block lasts; an error leaves it to the next import."""
    with connection.cursor() as cursor:
        cursor.execute(_DROP)
        cursor.execute(
            f"CREATE TEMP TABLE {TABLE} (line bigint, user_id text, stripe_id text, email_address text)"
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute(_DROP)


def stage(batch: Batch) -> None:
    """Append the good rows. An empty cell becomes NULL, as COPY reads unquoted emptiness in CSV."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(batch.rows)
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.write(buffer.getvalue())
