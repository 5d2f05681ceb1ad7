"""How PostgreSQL looks for the click that a double click repeats."""

from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from actions import click_rows
from actions.models import Execution
from tests.factories import make_connection
from tests.plans import read_whole, steps_of

pytestmark = pytest.mark.django_db


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

    steps = steps_of(captured[0]["sql"])
    indexes = {step["Index Name"] for step in steps if "Index Name" in step}
    assert indexes | read_whole(steps) == {"execution_of_user"}
