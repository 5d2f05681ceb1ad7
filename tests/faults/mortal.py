"""``python -m tests.faults.mortal``: does jobs, each in a process forked for it, and kills that one where it is told.

Jobs and answers are lines of JSON: ``{"job", "id", "die_at"}`` → ``{"calls"}`` or ``{"signal"}``. A job dies by SIGKILL
at its Nth call of anything from the code of ``sync/``: between any two of its steps, the same ones every time.
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
    reconcile(connection=Connection.objects.get(pk=connection_id))


JOBS: dict[str, Callable[[str], None]] = {"import": import_identities, "reconcile": reconcile_connection}


class Fate:
    """Counts calls, and kills this process at the one it is told."""

    def __init__(self, die_at: int) -> None:
        self.calls = 0
        self._die_at = die_at

    def watch(self, frame: FrameType, event: str, _: Any) -> None:
        if event in {"call", "c_call"} and frame.f_code.co_filename.startswith(_CODE):
            self.calls += 1
            if self.calls == self._die_at:
                os.kill(os.getpid(), signal.SIGKILL)


def perform(job: str, id: str, die_at: int) -> None:
    fate = Fate(die_at)
    sys.setprofile(fate.watch)
    JOBS[job](id)
    sys.setprofile(None)
    answer({"calls": fate.calls})


def answer(told: dict[str, int]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def main() -> None:
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
