"""``manage.py disconnect_stripe --app ID [--mode live|test]``."""

from argparse import ArgumentParser
from typing import Any

from connector import lifecycle, selectors
from connector.audit import COMMAND_LINE
from connector.command_line import AppCommand
from connector.errors import NotFoundError
from connector.host import HostApp


class Command(AppCommand):
    help = "Disconnects an App from Stripe. Traits and history stay, marked stale."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--mode", choices=["live", "test"], help="only this mode; both without it")

    def run(self, app: HostApp, **options: Any) -> dict[str, Any]:
        """``{"disconnected": [connection ids], "left_at_stripe": [what to tidy up by hand]}``."""
        connections = [
            connection
            for connection in selectors.app_connections(app_id=app.id)
            if options["mode"] in {None, connection.mode}
        ]
        if not connections:
            raise NotFoundError("not_connected", "This App is not connected to Stripe.")
        leftovers = [
            leftover
            for connection in connections
            for leftover in lifecycle.disconnect(connection=connection, actor=COMMAND_LINE)
        ]
        return {
            "disconnected": [str(connection.pk) for connection in connections],
            "left_at_stripe": leftovers,
        }
