"""How PostgreSQL looks for the click that a double click repeats."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from actions import click_rows
from actions.models import Execution
from tests.factories import make_connection

pytestmark = pytest.mark.django_db


def scans(plan: Any) -> list[tuple[str, str]]:
    """``(kind, index)`` of every look at the clicks' table, deepest first."""
    found = [one for part in plan.get("Plans", ()) for one in scans(part)]
    is_look = plan.get("Relation Name") == Execution._meta.db_table and "Scan" in plan["Node Type"]
    return [*found, (plan["Node Type"], plan.get("Index Name", ""))] if is_look else found


@pytest.mark.parametrize(
    ("clicks", "analyzed"), [(0, False), (300, False), (300, True), (3000, False), (3000, True)]
)
def test_it_looks_at_the_users_own_clicks_only(clicks: int, analyzed: bool) -> None:
    made = make_connection()
    common = {"app_id": made.app_id, "connection": made, "prompt_id": "p", "interaction": "accept"}
    Execution.objects.bulk_create(
        Execution(**common, user_id=f"user-{number}", idempotency_key=str(number), config_version="1")
        for number in range(clicks)
    )
    if analyzed:
        with database.cursor() as cursor:
            cursor.execute(f"ANALYZE {Execution._meta.db_table}")
    click = Execution(**common, user_id="me", idempotency_key="mine", config_version="1")
    with CaptureQueriesContext(database) as captured:
        assert click_rows.insert(click, [], settle_in=timedelta(seconds=1), unless_within=timedelta(seconds=10))

    with database.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {captured[0]['sql']}".replace("%", "%%"))
        (told,) = cursor.fetchone()

    plan = json.loads(told) if isinstance(told, str) else told
    assert scans(plan[0]["Plan"]) == [("Index Scan", "execution_of_user")]
