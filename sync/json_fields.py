"""Typed access to JSON that others wrote. A missing or null field is None; a field of another type is unreadable.

Refusing a known field of an unknown type is what keeps a changed shape from becoming a wrong trait: the object is
then fetched in the version this release was written for.
"""

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from sync.facts import Json

_YEAR_10000 = 253_402_300_800
_INT8 = 2**63
_SHORTEST = re.compile(r"0|[1-9][0-9]{0,11}")
"""Amounts as Stripe nearly always writes them."""


class UnreadableError(ValueError):
    """A field that this release cannot read. The message names the field, never its value."""


def text(data: Json, name: str, limit: int = 255) -> str | None:
    value = data.get(name)
    if value is None or (isinstance(value, str) and len(value) <= limit):
        return value
    raise UnreadableError(name)


def required_text(data: Json, name: str, limit: int = 255) -> str:
    value = data.get(name)
    if value and isinstance(value, str) and len(value) <= limit:
        return value
    raise UnreadableError(name)


def flag(data: Json, name: str) -> bool | None:
    value = data.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise UnreadableError(name)


def required_flag(data: Json, name: str) -> bool:
    value = flag(data, name)
    if value is None:
        raise UnreadableError(name)
    return value


def integer(data: Json, name: str) -> int | None:
    value = data.get(name)
    if value is None or (type(value) is int and -_INT8 <= value < _INT8):
        return value
    raise UnreadableError(name)


def small(data: Json, name: str, limit: int = 32_767) -> int | None:
    """A count from 0 to ``limit``."""
    value = data.get(name)
    if value is None or (type(value) is int and 0 <= value <= limit):
        return value
    raise UnreadableError(name)


def time(data: Json, name: str) -> int | None:
    """Epoch seconds between 1970 and 9999."""
    value = data.get(name)
    if value is None or (type(value) is int and 0 <= value < _YEAR_10000):
        return value
    raise UnreadableError(name)


def required_time(data: Json, name: str) -> int:
    value = time(data, name)
    if value is None:
        raise UnreadableError(name)
    return value


def decimal_text(data: Json, name: str) -> str | None:
    """A number, or a decimal string, in its shortest decimal form: ``"1099"``, ``"0.5"``."""
    value = data.get(name)
    if value is None or (isinstance(value, str) and _SHORTEST.fullmatch(value)):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise UnreadableError(name)
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise UnreadableError(name) from None
    if not number.is_finite() or abs(number) >= 10**12:
        raise UnreadableError(name)
    shortest = format(number, "f")
    return shortest.rstrip("0").rstrip(".") if "." in shortest else shortest


def reference(data: Json, name: str) -> str | None:
    """The id of an expandable field, given as an id or as the object."""
    value = data.get(name)
    if value is None:
        return None
    return required_text(value, "id") if isinstance(value, dict) else required_text(data, name)


def record(data: Json, name: str) -> Json:
    """A nested object; empty where there is none."""
    value = data.get(name)
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    raise UnreadableError(name)


def listed(data: Json, name: str) -> list[Any]:
    """A plain list; empty where there is none."""
    value = data.get(name)
    if value is None:
        return []
    if isinstance(value, list):
        return value
    raise UnreadableError(name)


def records(data: Json, name: str) -> list[Json]:
    """The objects in one of Stripe's list objects; empty where there is none."""
    if data.get(name) is None:
        return []
    values = record(data, name).get("data")
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise UnreadableError(name)
    return values
