"""``manage.py import_identities --app ID PATH_OR_URL``: link the App's users to Stripe from a CSV file."""

from argparse import ArgumentParser
from typing import Any

from connector.host import HostApp
from sync.identity_import import import_identities
from sync.management.run_command import RunCommand, progress_bar
from sync.models import SyncRun


class Command(RunCommand):
    help = "Imports user_id, stripe_id and email_address from a CSV file, plain or compressed with gzip or zstd."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("source", metavar="PATH_OR_URL")
        parser.add_argument(
            "--mode",
            choices=["incremental", "full"],
            default="incremental",
            help="full: users that the file does not name lose their link",
        )
        parser.add_argument("--dry-run", action="store_true", help="show what would change, change nothing")
        parser.add_argument(
            "--confirm", action="store_true", help="pass the safety stops: many bad rows or removals"
        )

    def run(self, app: HostApp, **options: Any) -> dict[str, Any]:
        """``{"run_id", "state", "counts", "report", "error", "row_errors": [{"line", "code", "message"}]}``."""
        with progress_bar("Identities", silent=options["json"]) as follow:
            run = import_identities(
                app_id=app.id,
                source=options["source"],
                mode=options["mode"],
                dry_run=options["dry_run"],
                confirmed=options["confirm"],
                started_by="command line",
                on_progress=follow,
            )
        row_errors = [
            {"line": error.line, "code": error.code, "message": error.message}
            for error in run.row_errors.order_by("line")
        ]
        if not options["json"]:
            self._list(row_errors, run)
            return self.describe(run)
        return {**self.describe(run), "row_errors": row_errors}

    def _list(self, row_errors: list[dict[str, Any]], run: SyncRun) -> None:
        for error in row_errors:
            self.stderr.write(f"line {error['line']}: {error['message']}")
        told = run.counts.get("bad", 0) + run.counts.get("repeated", 0) + run.counts.get("shared", 0)
        if told > len(row_errors):
            self.stderr.write(f"… and {told - len(row_errors):,} more")
