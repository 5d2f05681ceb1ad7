"""``python -m tests.faults.mortal``: does jobs, each in a process forked for it, and kills that one where it is told.

Jobs and answers are lines of JSON: ``{"job", "id", "die_at"}`` → ``{"steps"}`` or ``{"signal"}``. A job dies by SIGKILL
before its Nth line of the code of ``sync/`` is run: between any two of its steps, the same ones every time. Without
``die_at`` nobody counts, as that takes time.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any
from uuid import UUID

import django

django.setup()

import django.core.mail.backends.smtp  # noqa: E402
from django.urls import get_resolver  # noqa: E402

import sync  # noqa: E402  settings come first
from connector.models import Connection  # noqa: E402
from sync import reconciliation_ranges  # noqa: E402
from sync.identity_import import run_waiting_imports  # noqa: E402
from sync.reconciliation import reconcile  # noqa: E402

_CODE = str(Path(sync.__file__).parent)


def import_identities(app_id: str) -> None:
    run_waiting_imports(app_id=UUID(app_id))


def reconcile_connection(connection_id: str) -> None:
    reconciliation_ranges.PAGES_AT_ONCE = 1  # more checkpoints
    reconciliation_ranges.MAX_RANGES = 4  # enough to be left to each other
    reconcile(connection=Connection.objects.get(pk=connection_id))


JOBS: dict[str, Callable[[str], None]] = {"import": import_identities, "reconcile": reconcile_connection}


class Fate:
    """Counts lines of our own code, and kills this process at the one it is told."""

    def __init__(self, die_at: int) -> None:
        self.steps = 0
        self._die_at = die_at

    def watch(self, frame: FrameType, _event: str, _: Any) -> Any:
        """Python asks once for each call of a function whether its lines are of interest."""
        return self._count if frame.f_code.co_filename.startswith(_CODE) else None

    def _count(self, _frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            self.steps += 1
            if self.steps == self._die_at:
                os.kill(os.getpid(), signal.SIGKILL)
        return self._count


def perform(job: str, id: str, die_at: int | None) -> None:
    if die_at is None:
        JOBS[job](id)
        answer({"steps": 0})
        return
    fate = Fate(die_at)
    sys.settrace(fate.watch)
    JOBS[job](id)
    sys.settrace(None)
    answer({"steps": fate.steps})


def answer(told: dict[str, int]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def main() -> None:
    get_resolver().check()  # imports, once for all jobs, what each would import
    for line in sys.stdin:
        child = os.fork()
        if not child:
            perform(**json.loads(line))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            answer({"signal": os.WTERMSIG(status)})


if __name__ == "__main__":
    main()
