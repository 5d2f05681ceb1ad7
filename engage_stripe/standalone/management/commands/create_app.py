"""``manage.py create_app --company NAME --name NAME``: an App and its API key, which is shown this once."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connector.errors import ConnectorError
from engage_stripe.standalone import services


class Command(BaseCommand):
    help = "Creates an App (and its Company where there is none of that name) and prints its API key once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--company", required=True, metavar="NAME")
        parser.add_argument("--name", required=True, metavar="NAME")
        parser.add_argument("--timezone", default="UTC", help="IANA name, default UTC")
        parser.add_argument("--domain", action="append", default=[], help="host name of the site; repeatable")
        parser.add_argument("--json", action="store_true", help='print {"app_id", "api_key"} for programs')

    def handle(self, **options: Any) -> None:
        try:
            app, api_key = services.create_app(
                company_name=options["company"],
                name=options["name"],
                timezone=options["timezone"],
                domains=options["domain"],
            )
        except ConnectorError as error:
            raise CommandError(error.user_message) from error
        if options["json"]:
            self.stdout.write(json.dumps({"app_id": str(app.id), "api_key": api_key}))
            return
        self.stdout.write(f"App {app.name} of {app.company.name}")
        self.stdout.write(f"  ID       {app.id}")
        self.stdout.write(f"  API key  {api_key}   (not shown again)")
