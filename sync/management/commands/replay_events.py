"""``manage.py replay_events``: apply stored events again, at once, in this process."""

import json
from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count, QuerySet

from sync import inbox
from sync.management.run_command import progress_bar
from sync.models import StripeEvent
from sync.replay import find_events, put_back

_FILTERS = ("app", "id", "type", "state", "since", "until")


class Command(BaseCommand):
    help = "Applies stored events again: by id, type, state or time. Facts that are outdated change nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--app", type=UUID, metavar="ID", help="only this App's")
        parser.add_argument("--id", action="append", default=[], metavar="EVENT", help="evt_…; repeatable")
        parser.add_argument("--type", action="append", default=[], help="for example customer.updated; repeatable")
        parser.add_argument("--state", action="append", default=[], choices=StripeEvent.State.values)
        parser.add_argument("--since", type=_moment, metavar="TIME", help="created at or after, ISO 8601, UTC")
        parser.add_argument("--until", type=_moment, metavar="TIME", help="created before, ISO 8601, UTC")
        parser.add_argument("--dry-run", action="store_true", help="only count")
        parser.add_argument("--json", action="store_true", help="print one JSON object for programs")

    def handle(self, **options: Any) -> None:
        if not any(options[name] for name in _FILTERS):
            raise CommandError("Say which events: --id, --type, --state, --since, --until or --app.")
        found = find_events(
            app_id=options["app"],
            event_ids=options["id"],
            types=options["type"],
            states=options["state"],
            since=options["since"],
            until=options["until"],
        )
        ids = list(found.order_by("id").values_list("id", flat=True))
        answer = {"found": len(ids), "dry_run": options["dry_run"]}
        if not options["dry_run"]:
            answer |= self._replay(ids, silent=options["json"])
        self.stdout.write(json.dumps(answer) if options["json"] else self._tell(answer))

    def _replay(self, ids: list[int], *, silent: bool) -> dict[str, int]:
        """``{"applied", "ignored", "failed", "received"}``: the states the events are in now."""
        with progress_bar("Replaying", silent=silent) as follow:
            for start in range(0, len(ids), inbox.BATCH):
                put_back(StripeEvent.objects.filter(id__in=ids[start : start + inbox.BATCH]))
                inbox.drain()
                follow({"step": "events", "share": (start + inbox.BATCH) / len(ids)})
        return _states(StripeEvent.objects.filter(id__in=ids))

    def _tell(self, answer: dict[str, Any]) -> str:
        return ", ".join(
            f"{value} {name.replace('_', ' ')}" for name, value in answer.items() if value is not False
        )


def _states(events: QuerySet[StripeEvent]) -> dict[str, int]:
    counted = dict(events.values_list("state").annotate(Count("id")))
    return {state: counted.get(state, 0) for state in StripeEvent.State.values}


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
