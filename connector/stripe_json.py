"""What Stripe sends, decoded: answers and events."""

import json
from typing import Any

import orjson


def decoded(body: str | bytes) -> dict[str, Any] | None:
    """None where it is not one of Stripe's objects: cut off, or somebody else's."""
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        data = _decoded_leniently(body)
    return data if isinstance(data, dict) else None


def _decoded_leniently(body: str | bytes) -> object:
    """``orjson`` refuses halves of characters, as in somebody's metadata, of which no more is lost than these."""
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None


def _refuse_constant(name: str) -> None:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(name)
