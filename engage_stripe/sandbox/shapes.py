"""What the API shows of a stored object, and what `expand` may put into it.

https://docs.stripe.com/api/expanding_objects
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import StripeError, invalid

if TYPE_CHECKING:
    from engage_stripe.sandbox.state import Account

MAX_LEVELS = 4


def as_stored(account: Account, obj: Obj) -> Obj:
    """The default rendering: the stored object is the API object."""
    return obj


def stored(type: str, name: str) -> Callable[[Account, Obj], Any]:
    """For `Shape.includable`: the field that `render` drops, taken from the stored object."""
    return lambda account, obj: account.find(type, obj["id"])[name]


@dataclass(frozen=True)
class Shape:
    """One object type.

    `render` turns a stored object into its API form without changing it.
    `expandable` maps a field (dotted inside the object) to the types its id can name.
    `includable` maps a field that is absent unless expanded to the function that computes it.
    """

    render: Callable[[Account, Obj], Obj] = as_stored
    expandable: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    includable: Mapping[str, Callable[[Account, Obj], Any]] = field(default_factory=dict)


Shapes = Mapping[str, Shape]
_Tree = dict[str, "_Tree"]


def render(account: Account, obj: Obj) -> Obj:
    """The API form of a stored object; of a list, of each of its objects."""
    if obj.get("object") == "list":
        return {**obj, "data": [render(account, each) for each in obj["data"]]}
    shape = account.world.shapes.get(obj.get("object", ""))
    return obj if shape is None else shape.render(account, obj)


def expand(account: Account, obj: Obj, paths: Sequence[str]) -> Obj:
    """A copy of a rendered object with each dotted path expanded; raises StripeError for a bad path."""
    tree: _Tree = {}
    for path in paths:
        levels = path.split(".")
        if len(levels) > MAX_LEVELS:
            raise invalid(
                f"You cannot expand more than {MAX_LEVELS} levels of a property. Property: {path}",
                param="expand",
            )
        node = tree
        for level in levels:
            node = node.setdefault(level, {})
    return _Expansion(account).node(obj, tree, obj, "", "")


@dataclass(frozen=True)
class _Expansion:
    account: Account

    def node(self, node: Obj, tree: _Tree, owner: Obj, prefix: str, path: str) -> Obj:
        """`owner` is the nearest enclosing API object, `prefix` the way from it to `node`."""
        if not tree:
            return node
        if "object" in node:
            owner, prefix = node, ""
        return {
            **node,
            **{
                name: self.field(node, name, rest, owner, prefix + name, path + name)
                for name, rest in tree.items()
            },
        }

    def field(
        self, node: Obj, name: str, rest: _Tree, owner: Obj, dotted: str, path: str
    ) -> Any:
        shape = self.account.world.shapes.get(owner["object"], Shape())
        value = node.get(name)
        if dotted in shape.expandable:
            value = self.fetched(value, shape.expandable[dotted])
        elif dotted in shape.includable and value is None:
            value = shape.includable[dotted](self.account, owner)
            if isinstance(value, dict) and "object" in value:
                value = render(self.account, value)
        elif name not in node or not (rest or _is_object(value)):
            raise self.refusal(owner, path)
        return self.inside(value, rest, owner, dotted, path)

    def inside(self, value: Any, rest: _Tree, owner: Obj, dotted: str, path: str) -> Any:
        if not rest or value is None:
            return value
        if isinstance(value, list):
            return [self.inside(each, rest, owner, dotted, path) for each in value]
        if isinstance(value, dict):
            return self.node(value, rest, owner, f"{dotted}.", f"{path}.")
        raise self.refusal(owner, f"{path}.{next(iter(rest))}")

    def fetched(self, value: Any, types: tuple[str, ...]) -> Any:
        if isinstance(value, list):
            return [self.fetched(each, types) for each in value]
        if not isinstance(value, str):
            return value
        found = (self.account.get(type, value) for type in types)
        obj = next((obj for obj in found if obj is not None), None)
        return value if obj is None else render(self.account, obj)

    def refusal(self, owner: Obj, path: str) -> StripeError:
        hint = ""
        if owner["object"] == "list" and "." not in path:
            hint = f" You may want to try expanding 'data.{path}' instead."
        return invalid(f"This property cannot be expanded ({path}).{hint}", param="expand")


def _is_object(value: Any) -> bool:
    if isinstance(value, list):
        return all(_is_object(each) for each in value)
    return isinstance(value, dict) and "object" in value
