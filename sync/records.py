"""Rows on their way into a statement: one JSON text, taken apart by PostgreSQL's ``json_to_recordset``."""

from collections.abc import Sequence
from typing import Any

import orjson


def as_records(rows: Sequence[dict[str, Any]]) -> str:
    """Texts, numbers, truth values, UUIDs, lists and dicts of them. A column that is left out is null."""
    return orjson.dumps(rows).decode()


def records_sql(columns: str) -> str:
    """What a statement selects from: a parameter that ``as_records`` made, with these columns and their types.

    PostgreSQL cannot foresee the limit, which is none, and plans for ten rows: it looks each of them up in an index,
    and plans once for batches of every size.
    """
    return f"(SELECT * FROM json_to_recordset(%s::json) AS records({columns}) LIMIT (SELECT 1000000000))"  # noqa: S608
