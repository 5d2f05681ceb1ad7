"""What the management commands share: an App by id, one way to fail, one line of JSON for programs."""

import json
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from connector.errors import ConnectorError
from connector.host import HostApp, get_host


class AppCommand(BaseCommand):
    """A command on one App. Implement ``run``; a ``ConnectorError`` becomes its message and exit code 1."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--app", required=True, metavar="ID", help="the App's ID")
        parser.add_argument("--json", action="store_true", help="print one JSON object for programs")

    def handle(self, **options: Any) -> None:
        app = _find_app(options.pop("app"))
        try:
            answer = self.run(app, **options)
        except ConnectorError as error:
            raise CommandError(error.user_message) from error
        if options["json"]:
            self.stdout.write(json.dumps(answer))
            return
        for name, value in answer.items():
            self.stdout.write(f"{name.replace('_', ' '):<20} {value}")

    def run(self, app: HostApp, **options: Any) -> dict[str, Any]:
        """Do the work; the answer is printed, as JSON with ``--json``."""
        raise NotImplementedError


def _find_app(app_id: str) -> HostApp:
    try:
        app = get_host().app(UUID(app_id))
    except ValueError:
        app = None
    if app is None:
        raise CommandError(f"There is no App with the ID {app_id}.")
    return app
