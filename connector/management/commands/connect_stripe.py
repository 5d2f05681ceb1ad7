"""``manage.py connect_stripe --app ID``: the key on line one of standard input, a signing secret on line two."""

import sys
from typing import Any

from connector import services
from connector.audit import COMMAND_LINE
from connector.command_line import AppCommand
from connector.host import HostApp
from connector.keys import parse_api_key, parse_signing_secret


class Command(AppCommand):
    help = (
        "Connects an App to the Stripe account of an API key. Standard input: the key on the first line, and on "
        "the second, if you have one, the webhook signing secret. Neither appears in the process list."
    )

    def run(self, app: HostApp, **_: Any) -> dict[str, Any]:
        """``{"connection_id", "status", "reason", "mode", "account", "permissions", "kept_aside", "notices"}``."""
        activation = services.connect_with_api_key(
            app_id=app.id,
            api_key=parse_api_key(sys.stdin.readline()),
            signing_secret=parse_signing_secret(sys.stdin.readline()),
            actor=COMMAND_LINE,
        )
        connection = activation.connection
        return {
            "connection_id": str(connection.pk),
            "status": connection.status,
            "reason": connection.status_reason,
            "mode": connection.mode,
            "account": connection.stripe_account_id,
            "permissions": {name: found["state"] for name, found in activation.permissions.items()},
            "kept_aside": activation.kept_aside,
            "notices": list(activation.notices),
        }
