"""Locks that may be held while Stripe is asked, outside any transaction."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from connector import statements


@contextmanager
def advisory_lock(name: str) -> Iterator[None]:
    """One holder per name over all processes; released when the database session ends, however it ends.

    https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
    """
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
    statements.execute("SELECT pg_advisory_lock(%s)", [number])
    try:
        yield
    finally:
        statements.execute("SELECT pg_advisory_unlock(%s)", [number])
