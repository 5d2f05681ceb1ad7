"""``manage.py rotate_api_key --app ID``: a new API key for an App; the old one stops working at once."""

import json
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from engage_stripe.standalone import services
from engage_stripe.standalone.models import App


class Command(BaseCommand):
    help = "Gives an App a new API key, which is printed once. The old one stops working at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--app", required=True, type=UUID, metavar="ID")
        parser.add_argument("--json", action="store_true", help='print {"app_id", "api_key"} for programs')

    def handle(self, **options: Any) -> None:
        app = App.objects.filter(id=options["app"]).first()
        if app is None:
            raise CommandError(f"There is no App with the ID {options['app']}.")
        api_key = services.rotate_api_key(app=app)
        if options["json"]:
            self.stdout.write(json.dumps({"app_id": str(app.id), "api_key": api_key}))
        else:
            self.stdout.write(f"New API key of {app.name}: {api_key}   (not shown again)")
