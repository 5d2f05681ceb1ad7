"""Rows on their way into a statement: one JSON text, taken apart by PostgreSQL's ``json_to_recordset``."""

from collections.abc import Sequence
from typing import Any

import orjson


def as_records(rows: Sequence[dict[str, Any]]) -> str:
    """Texts, numbers, truth values, UUIDs, lists and dicts of them. A column that is left out is null.

    What no text column can hold is left out of texts, see ``storable``.
    """
    try:
        written = orjson.dumps(rows)
    except TypeError:  # half a character; orjson names no other kind of error
        written = orjson.dumps(storable(rows))
    if b"\\u0000" in written:
        written = orjson.dumps(storable(rows))
    return written.decode()


def storable(value: Any) -> Any:
    """The value without NUL and lone surrogates in its texts.

    https://www.postgresql.org/docs/current/datatype-json.html
    """
    match value:
        case str():
            return value.replace("\0", "").encode(errors="replace").decode()
        case dict():
            return {storable(key): storable(one) for key, one in value.items()}
        case list() | tuple():
            return [storable(one) for one in value]
        case _:
            return value


def records_sql(columns: str) -> str:
    """What a statement selects from: a parameter that ``as_records`` made, with these columns and their types.

    PostgreSQL cannot foresee the limit, which is none, and plans for ten rows: it looks each of them up in an index,
    and plans once for batches of every size.
    """
    return f"(SELECT * FROM json_to_recordset(%s::json) AS records({columns}) LIMIT (SELECT 1000000000))"  # noqa: S608
