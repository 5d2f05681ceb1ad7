"""What can be expanded in which object, read from the classes of the installed SDK.

Grammar of a field: `{"expand": [types]}` (an id, or the object when expanded), `{"object": [types]}` (always the
object), `{"list": [types]}`, `{"hash": {name: field}}`. Fields on which no path can go are left out.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import stripe

SDK = Path(stripe.__file__).parent
WRAPPERS = {"ExpandableField": "expand", "ListObject": "list"}

Field = dict[str, Any]


def object_fields(types: set[str]) -> dict[str, dict[str, Field]]:
    """The expandable fields of each object type."""
    return {type: Fields(imports_of(tree)).of(cls) for type, cls, tree in resource_classes() if type in types}


def returned(annotation: ast.expr | None, tree: ast.Module) -> Field | None:
    """The field grammar for what a service method returns; None for anything else than an object."""
    return None if annotation is None else Fields(imports_of(tree)).kind(annotation, {})


class Fields:
    """Reads annotations of one module, whose names `types` maps to object types."""

    def __init__(self, types: dict[str, str]) -> None:
        self.types = types

    def of(self, cls: ast.ClassDef, outer: dict[str, ast.ClassDef] | None = None) -> dict[str, Field]:
        """The fields of a class that a path can go through."""
        inner = {**(outer or {}), **{each.name: each for each in cls.body if isinstance(each, ast.ClassDef)}}
        found = {
            each.target.id: self.kind(each.annotation, inner)
            for each in cls.body
            if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
        }
        return {name: field for name, field in found.items() if field is not None}

    def kind(self, node: ast.expr, inner: dict[str, ast.ClassDef]) -> Field | None:
        """One annotation in the grammar above."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return self.kind(ast.parse(node.value, mode="eval").body, inner)
        if isinstance(node, ast.Subscript):
            return self._subscript(node, inner)
        if not isinstance(node, ast.Name):
            return None
        if node.id in inner:
            fields = self.of(inner[node.id], inner)
            return {"hash": fields} if fields else None
        return {"object": [self.types[node.id]]} if node.id in self.types else None

    def _subscript(self, node: ast.Subscript, inner: dict[str, ast.ClassDef]) -> Field | None:
        name = node.value.id if isinstance(node.value, ast.Name) else ""
        arguments = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        kinds = [kind for each in arguments if (kind := self.kind(each, inner)) is not None]
        types = [type for kind in kinds for type in kind.get("object", ())]
        if name in WRAPPERS:
            return {WRAPPERS[name]: types}
        if name in ("Optional", "Union", "List") and kinds:
            return {"object": types} if types else kinds[0]
        return None


@cache
def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


def resource_classes() -> Iterator[tuple[str, ast.ClassDef, ast.Module]]:
    """`("customer", class, its module)` for every v1 resource."""
    for file in sorted(SDK.rglob("_*.py")):
        if "params" in file.parts or "v2" in file.parts:
            continue
        tree = _tree(file)
        for cls in tree.body:
            if isinstance(cls, ast.ClassDef) and (type := object_name(cls)):
                yield type, cls, tree


def object_name(cls: ast.ClassDef) -> str | None:
    """The value of `OBJECT_NAME`."""
    for each in cls.body:
        if isinstance(each, ast.AnnAssign) and getattr(each.target, "id", "") == "OBJECT_NAME":
            value = getattr(each.value, "value", None)
            return value if isinstance(value, str) else None
    return None


def imports_of(tree: ast.Module) -> dict[str, str]:
    """Object types by the names that a module imports or defines them under."""
    found = {cls.name: type for cls in tree.body if isinstance(cls, ast.ClassDef) and (type := object_name(cls))}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("stripe."):
            file = SDK.joinpath(*(node.module or "").split(".")[1:]).with_suffix(".py")
            for cls in _tree(file).body if file.exists() else ():
                if isinstance(cls, ast.ClassDef) and (type := object_name(cls)):
                    found |= {alias.asname or alias.name: type for alias in node.names if alias.name == cls.name}
    return found
