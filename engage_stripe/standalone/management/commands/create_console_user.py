"""``manage.py create_console_user --app ID --email EMAIL``: a sign-in, its password on standard input."""

import getpass
import json
import sys
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from connector.errors import ConnectorError
from connector.host import Role
from engage_stripe.standalone import services
from engage_stripe.standalone.models import App


class Command(BaseCommand):
    help = "Creates a person who may sign in to the console. The password comes from standard input."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--app", required=True, type=UUID, metavar="ID")
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", help="default: the part of the email before the @")
        parser.add_argument("--role", choices=[role.value for role in Role], default=Role.APP_ADMIN.value)
        parser.add_argument("--json", action="store_true", help='print {"email", "role"} for programs')

    def handle(self, **options: Any) -> None:
        app = App.objects.select_related("company").filter(id=options["app"]).first()
        if app is None:
            raise CommandError(f"There is no App with the ID {options['app']}.")
        try:
            user = services.create_console_user(
                app=app,
                email=options["email"],
                name=options["name"] or options["email"].partition("@")[0],
                role=Role(options["role"]),
                password=_read_password(),
            )
        except ConnectorError as error:
            raise CommandError(error.user_message) from error
        if options["json"]:
            self.stdout.write(json.dumps({"email": user.email, "role": options["role"]}))
        else:
            self.stdout.write(f"{user.email} may sign in as {Role(options['role']).label} of {app.name}.")


def _read_password() -> str:
    return getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
