"""What the commands that run something long share: a progress bar for people, an exit code for programs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import CommandError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from connector.command_line import AppCommand
from sync.models import SyncRun

OnProgress = Callable[[dict[str, Any]], None]


class RunCommand(AppCommand):
    """A command that ends in a run. Exit code 1 unless the run is done, after its answer is printed."""

    failure = ""

    def handle(self, **options: Any) -> None:
        super().handle(**options)
        if self.failure:
            raise CommandError(self.failure)

    def describe(self, run: SyncRun) -> dict[str, Any]:
        """``{"run_id", "state", "counts", "report", "error"}``."""
        if run.state != SyncRun.State.DONE:
            self.failure = run.error or f"The run ended as: {run.get_state_display().lower()}."
        return {
            "run_id": str(run.pk),
            "state": run.state,
            "counts": run.counts,
            "report": run.report,
            "error": run.error,
        }


@contextmanager
def progress_bar(label: str, *, silent: bool) -> Iterator[OnProgress]:
    """A bar on standard error that follows a run's progress; ``silent`` for ``--json``."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(30),
        TextColumn("{task.fields[told]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=silent) as progress:
        task = progress.add_task(label, total=None, told="")

        def follow(state: dict[str, Any]) -> None:
            progress.update(task, completed=state.get("share"), total=1 if state.get("share") else None,
                            told=_tell(state))  # fmt: skip

        yield follow


def _tell(state: dict[str, Any]) -> str:
    told = [str(state["step"])]
    if "rows" in state:
        told.append(f"{state['rows']:,} rows")
    if state.get("rows_per_second"):
        told.append(f"{state['rows_per_second']:,}/s")
    if state.get("seconds_left") is not None:
        told.append(f"{state['seconds_left']} s left")
    told += [f"{count:,} {name.replace('_', ' ')}" for name, count in state.get("counts", {}).items()]
    return ", ".join(told)
