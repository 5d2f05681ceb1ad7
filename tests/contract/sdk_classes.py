"""API objects against the classes of the installed SDK, which describe exactly the pinned version.

A field whose annotation is not `Optional` is always present; a field without an annotation does not exist.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any

import stripe
from stripe._object_classes import get_object_class


def class_errors(obj: dict[str, Any]) -> list[str]:
    """What the class of an API object, and the classes inside it, have and it has not, or the reverse."""
    return list(_errors(get_object_class("V1", obj["object"]), obj, obj["object"]))


def _errors(cls: type, value: dict[str, Any], path: str) -> Iterator[str]:
    if value.get("deleted"):
        return
    hints = _hints(cls)
    for name, hint in hints.items():
        if name not in value and not _is_optional(hint):
            yield f"{path}.{name} is missing"
    for name, inner in value.items():
        if name in hints:
            yield from _inner_errors(hints[name], inner, f"{path}.{name}")
        else:
            yield f"{path}.{name} is unknown"


def _inner_errors(hint: Any, value: Any, path: str) -> Iterator[str]:
    for each in value if isinstance(value, list) else [value]:
        if not isinstance(each, dict):
            continue
        if each.get("object") == "list":
            yield from _inner_errors(hint, each["data"], f"{path}[]")
        elif isinstance(each.get("object"), str):
            yield from class_errors(each)
        elif (cls := _hash_class(hint)) is not None:
            # `UntypedStripeObject[X]` is a hash of X by keys that nobody knows beforehand.
            for hash_ in each.values() if "UntypedStripeObject" in repr(hint) else [each]:
                yield from _errors(cls, hash_, path)


def _hints(cls: type) -> dict[str, Any]:
    annotated = cls.__annotations__.items()
    return {
        name: hint
        for name, hint in annotated
        if not name.startswith("_") and typing.get_origin(hint) is not typing.ClassVar
    }


def _hash_class(hint: Any) -> type | None:
    """The class nested in the annotation of a hash, if there is one."""
    if isinstance(hint, type) and issubclass(hint, stripe.StripeObject):
        return hint if hint.__annotations__ else None
    return next((found for arg in typing.get_args(hint) if (found := _hash_class(arg))), None)


def _is_optional(hint: Any) -> bool:
    return type(None) in typing.get_args(hint)
