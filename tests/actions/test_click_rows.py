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


def looked_at(plan: Any) -> set[str]:
    """The indexes that the plan reads, and tables that it reads from end to end."""
    found = {name for part in plan.get("Plans", ()) for name in looked_at(part)}
    whole = {plan["Relation Name"]} if plan["Node Type"] == "Seq Scan" else set()
    return found | whole | ({plan["Index Name"]} if "Index Name" in plan else set())


@pytest.mark.parametrize("analyzed", [False, True])
@pytest.mark.parametrize("clicks", [300, 3000])
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
    assert looked_at(plan[0]["Plan"]) == {"execution_of_user"}
