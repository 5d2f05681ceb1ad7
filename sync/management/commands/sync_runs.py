"""``manage.py sync_runs --app ID [--cancel RUN_ID]``: watch the App's runs, or stop one."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from connector.command_line import AppCommand
from connector.host import HostApp
from sync import runs
from sync.run_selectors import describe_run, recent_runs

SHOWN = 20


class Command(AppCommand):
    help = "Lists the App's newest background runs with their progress, or cancels one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--cancel", metavar="RUN_ID", type=UUID)

    def run(self, app: HostApp, **options: Any) -> dict[str, Any]:
        """``{run id: {"kind", "state", "progress", "counts", "error"}}``, newest first."""
        if options["cancel"]:
            found = [runs.cancel(app_id=app.id, run_id=options["cancel"])]
        else:
            found = list(recent_runs(app_id=app.id)[:SHOWN])
        told = ("kind", "state", "progress", "counts", "error")
        return {str(run.pk): {name: describe_run(run)[name] for name in told} for run in found}
