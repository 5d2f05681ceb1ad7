"""``manage.py rotate_encryption_key``: everything encrypted again with the first of ``FIELD_ENCRYPTION_KEYS``."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from connector.encryption import reencrypt_everything


class Command(BaseCommand):
    help = (
        "Encrypts every secret again with the first key of FIELD_ENCRYPTION_KEYS. Put the new key first, keep the "
        "old one behind it, restart, run this, then remove the old key."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object for programs")

    def handle(self, **options: Any) -> None:
        done = reencrypt_everything()
        if options["json"]:
            self.stdout.write(json.dumps({"reencrypted": done}))
        else:
            self.stdout.write(f"{done} rows encrypted with the first key.")
