"""Customers that several users of a staged identity file are linked to. Their links are kept, with a remark."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.db import connection, transaction

from connector import statements
from sync.identity_csv import Problem
from sync.repeats import PLANS, may_repeat, plan_with

_SHARED = """
SELECT min(line), stripe_id, count(*), (array_agg(user_id ORDER BY line))[1:3]
FROM staged_identity WHERE stripe_id IS NOT NULL GROUP BY stripe_id HAVING count(*) > 1 ORDER BY 1
"""


@contextmanager
def searched_beside(table: str, rows: int) -> Iterator[Callable[[], list[Problem]]]:
    """Look for shared customers among the staged ``rows`` beside whatever the block does.

    The block may ask for one remark per shared customer, once it has dropped the rows that do not count. The search
    has a session of its own, which sees nothing of a transaction that the caller may be in: there, it goes first.
    """
    if connection.in_atomic_block:
        found = _are_shared(table, rows)
        yield lambda: _remarks() if found else []
        return
    with ThreadPoolExecutor(1, thread_name_prefix="shared-customers") as helper:
        search = helper.submit(_search, table, rows)
        yield lambda: _remarks() if search.result() else []


def _search(table: str, rows: int) -> bool:
    try:
        return _are_shared(table, rows)
    finally:
        connection.close()


def _are_shared(table: str, rows: int) -> bool:
    with transaction.atomic(), connection.cursor() as cursor:
        plan_with(cursor, PLANS)
        return may_repeat(cursor, "stripe_id", f"{table} WHERE stripe_id IS NOT NULL", rows)


def _remarks() -> list[Problem]:
    return [
        Problem(
            line,
            "shared_stripe_id",
            f"{count} users have this stripe_id: {', '.join(users)} …"[:512],
            stripe_id,
        )
        for line, stripe_id, count, users in statements.rows(_SHARED)
    ]
