"""How PostgreSQL would run a statement: https://www.postgresql.org/docs/current/sql-explain.html"""

from collections.abc import Iterator
from typing import Any

from django.db import connection as database


def steps_of(sql: str) -> list[dict[str, Any]]:
    """Every step of the plan, as ``EXPLAIN`` describes it; ``sql`` as Django captures it."""
    with database.cursor() as cursor:
        cursor.execute("EXPLAIN (FORMAT JSON) " + sql.replace("%", "%%"))
        ((explained,),) = cursor.fetchone()
    return list(_walk(explained["Plan"]))


def read_whole(steps: list[dict[str, Any]]) -> set[str]:
    """Tables that are read from end to end."""
    return {step["Relation Name"] for step in steps if step["Node Type"] == "Seq Scan"}


def _walk(step: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield step
    for part in step.get("Plans", ()):
        yield from _walk(part)
