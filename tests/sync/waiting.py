"""Until a thread of the test waits for a lock of PostgreSQL."""

import threading

import pytest
from django.db import connection as database

_WAITS = """
    SELECT EXISTS (
        SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = %s
    )
"""


def wait_until_it_waits(thread: threading.Thread, *, lock: str) -> None:
    """``lock`` is its type: https://www.postgresql.org/docs/current/monitoring-stats.html#WAIT-EVENT-LOCK-TABLE

    Other tests run on the same server: only sessions of this one's database count.
    """
    pause = threading.Event()
    with database.cursor() as cursor:
        for _ in range(6000):
            assert thread.is_alive(), "it did not wait"
            cursor.execute(_WAITS, [lock])
            if cursor.fetchone()[0]:
                return
            pause.wait(0.01)
    pytest.fail("nobody waits for the lock")
