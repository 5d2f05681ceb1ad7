"""``manage.py user_traits --app ID USER_ID``: one user's traits, as the API answers them."""

from argparse import ArgumentParser
from typing import Any

from connector.command_line import AppCommand
from connector.host import HostApp
from sync.selectors import describe_user


class Command(AppCommand):
    help = "Shows one user's fifteen traits."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("user_id", metavar="USER_ID")

    def run(self, app: HostApp, **options: Any) -> dict[str, Any]:
        """``{"user_id", "traits", "updated_at", "stale"}``; for people one line a trait."""
        user = describe_user(app_id=app.id, user_id=options["user_id"])
        if options["json"]:
            return user
        return {"user_id": user["user_id"], **user["traits"], "updated_at": user["updated_at"]}
