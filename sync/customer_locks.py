"""Locks of customers: writers of the same customer take turns, and nobody deadlocks."""

from collections.abc import Collection
from contextlib import nullcontext
from typing import Any
from uuid import UUID

from django.db import transaction

from connector import statements
from sync.models import Customer
from sync.observed import CustomerKey
from sync.records import as_records, records_sql

APP_LOCK = 0x53545250
"""First key of the advisory lock of an App: shared by writers, held alone while its identities are projected."""


def lock_customers(keys: Collection[CustomerKey], *, app_ids: Collection[UUID]) -> dict[CustomerKey, str | None]:
    """Lock the customers' rows in id order until the transaction ends; make rows of rank 0 for unknown ones.

    Shares the lock of the Apps, so that their identities are not projected meanwhile. Returns the email each
    customer had before.
    """
    listed = list(keys)
    rows = as_records([{"n": n, "c": key[0], "s": key[1]} for n, key in enumerate(listed)])
    values: list[Any] = [APP_LOCK, ",".join(sorted(map(str, app_ids))), rows]
    found = _lock_or_make(values, len(listed)) if listed else []
    return {listed[n]: email for n, email in found}


def _lock_or_make(values: list[Any], wanted: int) -> list[tuple[Any, ...]]:
    """Nearly always all are there. Where one is missing, the locks of the others are given back before it is inserted:
    whoever holds some rows and waits for one that comes before them can deadlock.
    """
    with transaction.atomic() if wanted > 1 else nullcontext():
        rows = statements.rows(_LOCK_SQL, values)
        if len(rows) == wanted:
            return rows
        if wanted > 1:
            transaction.set_rollback(True)
    statements.execute(_NEW_SQL, values)
    return statements.rows(_LOCK_SQL, values)


_SHARE = """
    WITH shared AS MATERIALIZED (
        SELECT pg_advisory_xact_lock_shared(%s, hashtext(a)) FROM unnest(string_to_array(%s, ',')) AS a
    )
"""
_KEYS = f"{records_sql('n integer, c uuid, s text')} k"
_NEW_SQL = f"""
    {_SHARE}
    INSERT INTO {Customer._meta.db_table}
        (connection_id, stripe_id, rank, deleted)
    SELECT k.c, k.s, 0, false FROM {_KEYS}, (SELECT count(*) FROM shared) s ORDER BY k.c, k.s
    ON CONFLICT (connection_id, stripe_id) DO NOTHING
"""  # noqa: S608  table name
_LOCK_SQL = f"""
    {_SHARE}
    SELECT k.n, t.email FROM {Customer._meta.db_table} t
    JOIN {_KEYS} ON t.connection_id = k.c AND t.stripe_id = k.s CROSS JOIN (SELECT count(*) FROM shared) s
    ORDER BY t.connection_id, t.stripe_id FOR NO KEY UPDATE OF t
"""  # noqa: S608  table name
