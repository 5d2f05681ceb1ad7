"""What the API shows of a stored object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engage_stripe.sandbox.collection import Obj

if TYPE_CHECKING:
    from engage_stripe.sandbox.state import Account


def as_stored(_account: Account, obj: Obj) -> Obj:
    """The default rendering: the stored object is the API object."""
    return obj


def stored(type: str, name: str) -> Callable[[Account, Obj], Any]:
    """For `Shape.includable`: the field that `render` drops, taken from the stored object."""
    return lambda account, obj: account.find(type, obj["id"])[name]


@dataclass(frozen=True)
class Shape:
    """One object type.

    `render` turns a stored object into its API form without changing it.
    `includable` maps a field (dotted inside the object) that is absent unless expanded to the function
    that computes it. Which ids can be expanded comes from spec/objects.json.
    """

    render: Callable[[Account, Obj], Obj] = as_stored
    includable: Mapping[str, Callable[[Account, Obj], Any]] = field(default_factory=dict)


Shapes = Mapping[str, Shape]


def render(account: Account, obj: Obj) -> Obj:
    """The API form of a stored object; of a list, of each of its objects."""
    if obj.get("object") == "list":
        return {**obj, "data": [render(account, each) for each in obj["data"]]}
    if obj.get("deleted"):
        return obj
    shape = account.world.shapes.get(obj.get("object", ""))
    return obj if shape is None else shape.render(account, obj)
