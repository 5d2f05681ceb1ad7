"""Locking rows, of which some may have to be made first."""

from typing import Any, TypeAlias

from django.db import connection as database
from django.db import transaction
from django.db.backends.utils import CursorWrapper

Rows: TypeAlias = list[tuple[Any, ...]]


def lock_or_make(lock: str, make: str, values: list[Any], wanted: int) -> Rows:
    """Lock ``wanted`` rows in the order that ``lock`` has, until the transaction ends, and return what it selects.

    Nearly always all are there. Where one is missing, the locks of the others are given back before ``make`` inserts
    it: whoever holds some rows and waits for one that comes before them can deadlock.
    """
    several = wanted > 1
    with database.cursor() as cursor:
        with transaction.atomic(savepoint=several):
            rows = _select(cursor, lock, values)
            if len(rows) == wanted:
                return rows
            if several:
                transaction.set_rollback(True)
        cursor.execute(make, values)
        return _select(cursor, lock, values)


def _select(cursor: CursorWrapper, statement: str, values: list[Any]) -> Rows:
    cursor.execute(statement, values)
    rows: Rows = cursor.fetchall()
    return rows
