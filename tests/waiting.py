"""Waiting for what other processes do: polled, bounded, and loud when it never happens."""

import threading
from collections.abc import Callable

import pytest


def wait_until(holds: Callable[[], bool], *, seconds: int, otherwise: str) -> None:
    pause = threading.Event()
    for _ in range(seconds * 10):
        if holds():
            return
        pause.wait(0.1)
    pytest.fail(otherwise)
