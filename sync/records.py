"""Rows on their way into a statement: one JSON text, taken apart by PostgreSQL's ``json_to_recordset``."""

from collections.abc import Sequence
from typing import Any

import orjson


def as_records(rows: Sequence[dict[str, Any]]) -> str:
    """Texts, numbers, truth values, UUIDs, lists and dicts of them. A column that is left out is null."""
    return orjson.dumps(rows).decode()
