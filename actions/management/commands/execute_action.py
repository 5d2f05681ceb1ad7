"""``manage.py execute_action --app ID --prompt ID --interaction NAME USER_ID [--idempotency-key KEY]``."""

from argparse import ArgumentParser
from typing import Any

from actions.answers import check_interaction, describe_execution
from actions.execution import execute
from actions.models import Execution, Interaction
from connector.command_line import AppCommand
from connector.host import HostApp


class Command(AppCommand):
    help = "Runs an interaction's actions for one user, as a click does."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--prompt", required=True, help="the prompt's id")
        parser.add_argument("--interaction", choices=Interaction.values, default=Interaction.ACCEPT)
        parser.add_argument("--idempotency-key", help="the same key gives the same answer")
        parser.add_argument("user_id", metavar="USER_ID")

    def run(self, app: HostApp, **options: Any) -> dict[str, Any]:
        """The answer of ``POST …/execute/``."""
        check_interaction(app.id, options["prompt"], options["interaction"])
        execution = execute(
            app_id=app.id,
            prompt_id=options["prompt"],
            interaction=options["interaction"],
            user_id=options["user_id"],
            idempotency_key=options["idempotency_key"],
            source=Execution.Source.COMMAND,
        )
        return describe_execution(execution)
