"""``manage.py reconcile --app ID [--user USER_ID]``: compare the mirror with Stripe now and heal it."""

from argparse import ArgumentParser
from typing import Any

from connector.host import HostApp
from sync.connections import connection_of
from sync.management.run_command import RunCommand, progress_bar
from sync.reconciliation import reconcile
from sync.user_reconciliation import reconcile_user

THREADS = 4


class Command(RunCommand):
    help = "Compares every customer and subscription, or one user's, with Stripe, heals and reports what differs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--user", metavar="USER_ID", help="only this user, without a run")

    def run(self, app: HostApp, **options: Any) -> dict[str, Any]:
        """``{"run_id", "state", "counts", "report", "error", "drift": […]}`` or ``{"user_id", "changes"}``."""
        connection = connection_of(app.id)
        if options["user"]:
            changes = reconcile_user(connection=connection, user_id=options["user"])
            told = [{"trait": change.trait, "before": change.before, "after": change.after} for change in changes]
            return {"user_id": options["user"], "changes": told}
        with progress_bar("Reconciliation", silent=options["json"]) as follow:
            run = reconcile(connection=connection, threads=THREADS, started_by="command line", on_progress=follow)
        drift = [
            {
                "resource": one.resource,
                "stripe_id": one.stripe_id,
                "before": one.before,
                "after": one.after,
                "traits": one.traits,
                "since": one.since.isoformat() if one.since else None,
                "cause": one.cause,
                "healed": one.healed,
            }
            for one in run.drifts.order_by("resource", "stripe_id")
        ]
        return {**self.describe(run), "drift": drift}
