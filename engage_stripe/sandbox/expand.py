"""`expand`: https://docs.stripe.com/api/expanding_objects.

Paths are checked against the object description before a handler runs, so that a refused one changes
nothing, whatever the data. A restricted key must be allowed to read what it expands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engage_stripe.sandbox import spec
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import StripeError, invalid, not_imitated
from engage_stripe.sandbox.routing import Route
from engage_stripe.sandbox.shapes import Shape, Shapes, render
from engage_stripe.sandbox.state import Account

MAX_LEVELS = 4

Field = Mapping[str, Any]
_Tree = dict[str, "_Tree"]
_NOTHING: Field = {"hash": {}}


@dataclass(frozen=True)
class _Step:
    """Where a path stands: the field, the type of the object around it, the way from that object."""

    field: Field
    owner: str = ""
    dotted: str = ""

    @property
    def types(self) -> Sequence[str]:
        return self.field.get("expand") or self.field.get("object") or ()


@dataclass(frozen=True)
class PathChecker:
    """Checks the paths of one request; `permissions` is what reading each type needs."""

    shapes: Shapes
    permissions: Mapping[str, str]

    def check(self, route: Route, paths: Iterable[str], permit: Callable[[str], None]) -> None:
        """StripeError 400 for a path that leads nowhere; `permit` is asked for each type that is fetched."""
        returns = spec.requests()[route.name]["returns"]
        for path in paths:
            levels = path.split(".")
            if len(levels) > MAX_LEVELS:
                raise invalid(
                    f"You cannot expand more than {MAX_LEVELS} levels of a property. Property: {path}",
                    code="property_expansion_max_depth",
                )
            fetched = self._fetched(returns, levels)
            if fetched is None:
                raise self._refusal(returns, path)
            for type in fetched:
                if type in self.permissions:
                    permit(self.permissions[type])

    def _fetched(self, returns: Field, levels: Sequence[str]) -> set[str] | None:
        """The types that the path makes the API fetch; None when it cannot be expanded."""
        steps = [_Step(returns)]
        types: set[str] = set()
        for level in levels:
            following = [each for step in steps for each in self._next(step, level)]
            if not following and any(type not in self.shapes for step in steps for type in step.types):
                return types  # through an object that the sandbox does not imitate, where nothing is known
            steps = following
            for step in steps:
                types.update(step.field.get("expand", ()), step.field.get("list", ()))
        return types if any("hash" not in step.field for step in steps) else None

    def _next(self, step: _Step, name: str) -> list[_Step]:
        if "list" in step.field:
            return [_Step({"object": step.field["list"]})] if name == "data" else []
        if "hash" in step.field:
            return self._inside(step.owner, f"{step.dotted}.{name}", step.field["hash"].get(name))
        return [
            each
            for type in step.types
            for each in self._inside(type, name, spec.objects().get(type, {}).get(name))
        ]

    def _inside(self, owner: str, dotted: str, field: Field | None) -> list[_Step]:
        if field is not None:
            return [_Step(field, owner, dotted)]
        includable = self.shapes.get(owner, Shape()).includable
        if dotted in includable:
            return [_Step({"object": ()}, owner, dotted)]
        if any(name.startswith(f"{dotted}.") for name in includable):
            return [_Step(_NOTHING, owner, dotted)]
        return []

    def _refusal(self, returns: Field, path: str) -> StripeError:
        hint = ""
        if "list" in returns and self._fetched(returns, ["data", *path.split(".")]) is not None:
            hint = f" You may want to try expanding 'data.{path}' instead."
        return invalid(f"This property cannot be expanded ({path}).{hint}", param="expand")


def expand(account: Account, rendered: Obj, paths: Sequence[str]) -> Obj:
    """A copy of a rendered object with each checked path expanded."""
    tree: _Tree = {}
    for path in paths:
        node = tree
        for level in path.split("."):
            node = node.setdefault(level, {})
    expanded: Obj = _Expansion(account).value(rendered, tree, _NOTHING, rendered, "")
    return expanded


@dataclass(frozen=True)
class _Expansion:
    account: Account

    def value(self, value: Any, tree: _Tree, field: Field, owner: Obj, dotted: str) -> Any:
        """`owner` is the nearest API object around the value and `dotted` the way from it."""
        if not tree or not isinstance(value, list | dict):
            return value
        if isinstance(value, list):
            return [self.value(each, tree, field, owner, dotted) for each in value]
        fields = field.get("hash", {})
        if "object" in value:
            owner, dotted = value, ""
            fields = spec.objects().get(value["object"], {})
        prefix = f"{dotted}." if dotted else ""
        children = {
            name: self.child(value.get(name), rest, fields.get(name, _NOTHING), owner, prefix + name)
            for name, rest in tree.items()
        }
        for name in children:
            if name not in value and not self.includes(owner, prefix + name):
                raise not_imitated(f"expanding '{prefix}{name}'", param="expand")
        return value | {name: child for name, child in children.items() if name in value or child is not None}

    def includes(self, owner: Obj, dotted: str) -> bool:
        """Whether the field, or one inside it, is absent unless it is asked for."""
        names = self.account.world.shapes.get(owner["object"], Shape()).includable
        return any(name == dotted or name.startswith(f"{dotted}.") for name in names)

    def child(self, value: Any, tree: _Tree, field: Field, owner: Obj, dotted: str) -> Any:
        shape = self.account.world.shapes.get(owner["object"], Shape())
        if value is None and dotted in shape.includable:
            value = shape.includable[dotted](self.account, owner)
            if isinstance(value, dict) and "object" in value:
                value = render(self.account, value)
        elif "expand" in field:
            value = self.fetched(value, field["expand"], dotted)
        return self.value(value, tree, field, owner, dotted)

    def fetched(self, value: Any, types: Sequence[str], dotted: str) -> Any:
        if isinstance(value, list):
            return [self.fetched(each, types, dotted) for each in value]
        if not isinstance(value, str):
            return value
        found = (self.account.get(type, value) for type in types)
        obj = next((obj for obj in found if obj is not None), None) or self.account.deleted.get(value)
        if obj is None:
            raise not_imitated(f"expanding '{dotted}'", param="expand")
        return render(self.account, obj)
