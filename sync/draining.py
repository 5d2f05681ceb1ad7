"""Work off the inbox in a worker, one turn after another."""

import gc
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from django.db import close_old_connections

from sync import inbox

TURN = 10
"""Batches that a task applies before it lets another one have the worker; a second's work."""

GATHER_SECONDS = 0.1
"""While events trickle in they gather for so long: a batch of thirty costs little more than a batch of one."""

HELPERS = 4
_helpers = ThreadPoolExecutor(HELPERS, thread_name_prefix="inbox")
"""Of this process; its threads start with the first backlog and keep a connection to the database each."""


def drain_for_a_turn() -> bool:
    """Apply up to a turn's batches. Whether a backlog remains; what trickles in has its nudges.

    Where a batch is full there is a backlog, and more threads take batches too: while PostgreSQL works on some,
    Python works on another. A batch is a transaction of its own, whichever process or thread it is in.
    """
    helping: list[Future[bool]] = []
    with _without_garbage_collection():
        for _ in range(TURN):
            taken = inbox.apply_batch()
            if not taken:
                break
            if taken < inbox.BATCH:
                time.sleep(GATHER_SECONDS)
            elif not helping:
                helping = [_helpers.submit(_help) for _ in range(HELPERS)]
        for help_ in helping:
            help_.result()
    return taken == inbox.BATCH


def _help() -> bool:
    close_old_connections()
    return all(inbox.apply_batch() == inbox.BATCH for _ in range(TURN))


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """A batch makes many objects and no cycles; looking for cycles takes a quarter of its time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
