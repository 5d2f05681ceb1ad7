"""Locks of PostgreSQL's own, held by a session: a process that is killed drops them with its connection."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from connector import statements

_KEY = "hashtextextended(%s, 0)"
TRY_LOCK = f"pg_try_advisory_lock({_KEY})"
_LOCK, _UNLOCK = f"SELECT pg_advisory_lock({_KEY})", f"SELECT pg_advisory_unlock({_KEY})"


@contextmanager
def hold(name: str) -> Iterator[None]:
    """Wait until nobody else holds ``name``, then hold it."""
    statements.execute(_LOCK, [name])
    try:
        yield
    finally:
        release(name)


@contextmanager
def try_hold(name: str) -> Iterator[bool]:
    """Hold ``name`` where nobody else does; the value says whether it worked."""
    [(held,)] = statements.rows(f"SELECT {TRY_LOCK}", [name])
    try:
        yield held
    finally:
        if held:
            release(name)


@contextmanager
def hold_within(name: str, milliseconds: int, *, has_it: bool) -> Iterator[bool]:
    """Hold ``name`` as soon as nobody else does; the value is False where that took longer than ``milliseconds``.

    ``has_it`` says that ``TRY_LOCK`` has got it already, in a statement of the caller's.
    """
    held = has_it or _wait_for(name, milliseconds)
    try:
        yield held
    finally:
        if held:
            release(name)


def _wait_for(name: str, milliseconds: int) -> bool:
    """The lock is the session's and outlives this transaction; only the time limit ends with it."""
    try:
        with transaction.atomic():
            statements.execute("SELECT set_config('lock_timeout', %s, true)", [str(milliseconds)])
            statements.execute(_LOCK, [name])
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            return False
        raise
    return True


def hold_in_transaction(name: str) -> None:
    """Hold ``name`` alone until the transaction ends."""
    statements.execute(f"SELECT pg_advisory_xact_lock({_KEY})", [name])


def share_in_transaction(name: str) -> None:
    """Hold ``name`` together with others who share it, until the transaction ends."""
    statements.execute(f"SELECT pg_advisory_xact_lock_shared({_KEY})", [name])


def release(name: str) -> None:
    """Give ``name`` back. One that is not held stays as it is."""
    if connection.connection is None or connection.connection.closed:
        return  # the lock went with the session
    statements.execute(_UNLOCK, [name])
