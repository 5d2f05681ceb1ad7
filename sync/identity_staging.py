"""The staging table of an identity import: a temporary table, gone with the session."""

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice

from django.db import connection

from sync.identity_csv import Batch

BATCHES_AT_ONCE = 10
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


def stage(batches: Iterator[Batch], on_batch: Callable[[Batch], None]) -> bool:
    """Append the good rows of some batches; False where there are no more.

    PostgreSQL reads one batch while the next is judged, so several share a COPY. An empty cell becomes NULL, as COPY
    reads unquoted emptiness in CSV.
    """
    staged = 0
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for batch in islice(batches, BATCHES_AT_ONCE):
            buffer = io.StringIO()
            csv.writer(buffer, lineterminator="\n").writerows(batch.rows)
            copy.write(buffer.getvalue())
            on_batch(batch)
            staged += 1
    return staged == BATCHES_AT_ONCE
