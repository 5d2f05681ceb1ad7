"""Two workers with a database connection of their own each, made to run into each other at a chosen point."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection as database
from django.db import connections

from sync import inbox, observations

POINTS: list[tuple[Any, str]] = [
    (inbox, "_load_connections"),
    (observations, "lock_customers"),
    (observations, "write"),
    (observations, "project_touched"),
    (observations, "ask"),
    (inbox, "_mark"),
]
"""Before each of these the first worker can stop: after the claim, the locks, the mirror, the projection …"""

_PATIENCE = 60


class TwoWorkers:
    """They stay for many encounters; leave them with ``close``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._first, self._second = (
            ThreadPoolExecutor(1, thread_name_prefix=name) for name in ("first", "second")
        )
        self._first_thread = self._first.submit(threading.get_ident).result()
        self._second_backend = self._second.submit(_backend).result()
        self._reached, self._go_on = threading.Event(), threading.Event()
        self._point: str | None = None
        for module, name in POINTS:
            monkeypatch.setattr(module, name, self._stopping(name, getattr(module, name)))

    def meet(self, first: Callable[[], Any], second: Callable[[], Any], *, at: str) -> bool:
        """Stop ``first`` before the point, run ``second`` until it is over or waits for a lock, then both to the end.

        Returns whether ``first`` came to the point. Raises what either raised, a deadlock for example.
        """
        self._reached.clear()
        self._go_on.clear()
        self._point = at
        one: Future[Any] = self._first.submit(first)
        one.add_done_callback(lambda _: self._reached.set())
        assert self._reached.wait(_PATIENCE)
        other = self._second.submit(second)
        over = threading.Event()
        other.add_done_callback(lambda _: over.set())
        while not over.wait(0.002) and not self._second_waits():
            pass
        self._go_on.set()
        one.result(_PATIENCE)
        other.result(_PATIENCE)
        return self._point is None

    def close(self) -> None:
        self._go_on.set()
        for pool in (self._first, self._second):
            pool.submit(connections.close_all).result()
            pool.shutdown()

    def _stopping(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def stop(*args: Any, **kwargs: Any) -> Any:
            if name == self._point and threading.get_ident() == self._first_thread:
                self._point = None
                self._reached.set()
                assert self._go_on.wait(_PATIENCE)
            return original(*args, **kwargs)

        return stop

    def _second_waits(self) -> bool:
        with database.cursor() as cursor:
            cursor.execute(
                "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s", [self._second_backend]
            )
            return bool(cursor.fetchone()[0])


def _backend() -> int:
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])
