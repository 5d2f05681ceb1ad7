"""Whether values repeat in a table, and how such statements are planned."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

PLANS = {"work_mem": "64MB", "jit": "off"}
"""For statements about whole files. Memory is of one PostgreSQL process; compiling takes longer than it saves here."""

# Sorting hashes of eight bytes takes half the time of grouping the texts, and mostly nothing repeats. One process is
# done before several have handed each other all the hashes.
_SORTING = {"enable_hashagg": "off", "max_parallel_workers_per_gather": "0"}
_DISTINCT = "SELECT count(*) FROM (SELECT DISTINCT hashtextextended({column}, 0) FROM {rows}) AS d"


def may_repeat(cursor: Any, column: str, rows: str, at_most: int) -> bool:
    """Whether a value may come twice in these rows, of which there are ``at_most`` so many. In a transaction."""
    with planned(cursor, _SORTING):
        cursor.execute(_DISTINCT.format(column=column, rows=rows))
        (distinct,) = cursor.fetchone()
    return bool(distinct != at_most and distinct != count(cursor, rows))


def count(cursor: Any, rows: str, values: dict[str, Any] | None = None) -> int:
    cursor.execute(f"SELECT count(*) FROM {rows}", values)  # noqa: S608  our own constants
    (number,) = cursor.fetchone()
    return int(number)


@contextmanager
def planned(cursor: Any, settings: Mapping[str, str]) -> Iterator[None]:
    """Run some statements of this transaction under other settings of the planner."""
    plan_with(cursor, settings)
    yield
    for name in settings:
        cursor.execute(f"SET LOCAL {name} TO DEFAULT")


def plan_with(cursor: Any, settings: Mapping[str, str]) -> None:
    """Until the transaction ends."""
    for name, value in settings.items():
        cursor.execute("SELECT set_config(%s, %s, true)", [name, value])
