"""``manage.py doctor``: what works, what does not, and what to do. Exit code 1 where something does not."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from connector.diagnosis import examine


class Command(BaseCommand):
    help = "Looks at the settings, PostgreSQL, Redis, Stripe and every connection, and says what to do."
    requires_system_checks = []  # it reports them itself

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object for programs")

    def handle(self, **options: Any) -> None:
        found = list(examine())
        healthy = all(finding.ok for finding in found)
        if options["json"]:
            self.stdout.write(json.dumps({"ok": healthy, "findings": [asdict(finding) for finding in found]}))
        else:
            for finding in found:
                mark = self.style.SUCCESS("ok     ") if finding.ok else self.style.ERROR("PROBLEM")
                self.stdout.write(f"{mark} {finding.what}{': ' if finding.advice else ''}{finding.advice}")
        if not healthy:
            sys.exit(1)
