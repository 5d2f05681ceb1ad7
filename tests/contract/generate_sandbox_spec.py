"""Write the sandbox's description of requests and objects from the installed SDK.

Run it after a new SDK release or a new sandbox route: `python -m tests.contract.generate_sandbox_spec`. The SDK is
generated from Stripe's description of exactly the API version that it pins, so there is nothing to correct by
hand. Requests: `{"params": T, "returns": field}` by route, where a type T is `"string" | "integer" | "boolean" |
"decimal" | "empty"` or one of `{"enum": [...]}`, `{"array": T}`, `{"map": T}`, `{"hash": {name: T},
"required": [...]}`, `{"any": [T]}`; fields are explained in tests/contract/sandbox_objects.py.
"""

from __future__ import annotations

import ast
import decimal
import importlib
import json
import re
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stripe._request_options import RequestOptions
from typing_extensions import get_type_hints, is_typeddict

from engage_stripe.sandbox.registry import ROUTES, SHAPES
from tests.contract.sandbox_objects import SDK, object_fields, returned

TARGET = Path(__file__).parents[2] / "engage_stripe/sandbox/spec"
SCALARS = {str: "string", int: "integer", bool: "boolean", decimal.Decimal: "decimal", float: "decimal"}


def main() -> None:
    """Regenerate both files."""
    known = dict(endpoints())
    missing = [route.name for route in ROUTES if anonymous(route.name) not in known]
    if missing:
        raise SystemExit(f"Not in the SDK: {', '.join(missing)}")
    write("requests.json", {route.name: known[anonymous(route.name)].described() for route in ROUTES})
    write("objects.json", object_fields(set(SHAPES)))


def write(name: str, content: dict[str, Any]) -> None:
    """One entry a line, so that changes can be reviewed."""
    lines = (f"{json.dumps(key)}: {json.dumps(content[key])}" for key in sorted(content))
    (TARGET / name).write_text("{\n" + ",\n".join(lines) + "\n}\n")


def anonymous(name: str) -> str:
    """`GET /v1/customers/{customer}` → `GET /v1/customers/{}`."""
    return re.sub(r"{\w+}", "{}", name)


class Endpoint(typing.NamedTuple):
    """A service method's parameter class and what it returns."""

    params: type | None
    returns: Any

    def described(self) -> dict[str, Any]:
        """For requests.json."""
        return {"params": hash_of(self.params), "returns": self.returns}


def endpoints() -> Iterator[tuple[str, Endpoint]]:
    """Every endpoint of the SDK by its anonymous name."""
    for file in sorted(SDK.rglob("_*_service.py")):
        tree = ast.parse(file.read_text())
        imports = {
            alias.name: node.module
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module
            for alias in node.names
        }
        for method in ast.walk(tree):
            if isinstance(method, ast.FunctionDef) and (found := request_of(method)):
                yield found, Endpoint(params_of(method, imports), returned(method.returns, tree))


def request_of(method: ast.FunctionDef) -> str | None:
    """`GET /v1/customers/{}` of a service method that makes a request."""
    for node in ast.walk(method):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "_request":
            verb, path = node.args[:2]
            if isinstance(path, ast.Call) and isinstance(path.func, ast.Attribute):
                path = path.func.value
            if isinstance(verb, ast.Constant) and isinstance(path, ast.Constant):
                return anonymous(f"{str(verb.value).upper()} {path.value!s}")
    return None


def params_of(method: ast.FunctionDef, imports: dict[str, str]) -> type | None:
    """The class in the annotation of `params`."""
    for argument in method.args.args:
        if argument.arg == "params" and argument.annotation is not None:
            name = re.findall(r"\w+Params\b", ast.unparse(argument.annotation))[0]
            found: type = getattr(importlib.import_module(imports[name]), name)
            return found
    return None


def hash_of(cls: type | None) -> dict[str, Any]:
    """A typed dict as a `hash` type."""
    if cls is None:
        return {"hash": {}}
    # RequestOptions names classes that it imports for type checkers only.
    unimported = {"StripeContext": object, "Mapping": Mapping}
    hints = get_type_hints(cls, localns=unimported, include_extras=True)
    inherited = RequestOptions.__annotations__
    fields = {name: hint for name, hint in hints.items() if name not in inherited}
    required = [name for name, hint in fields.items() if not is_optional(hint)]
    written: dict[str, Any] = {"hash": {name: type_of(hint) for name, hint in fields.items()}}
    return {**written, "required": required} if required else written


def is_optional(hint: Any) -> bool:
    """Whether the field is `NotRequired`."""
    return typing.get_origin(hint) is not None and "NotRequired" in repr(typing.get_origin(hint))


def type_of(hint: Any) -> Any:
    """One field's type in the grammar above."""
    if is_optional(hint):
        return type_of(typing.get_args(hint)[0])
    if hint in SCALARS:
        return SCALARS[hint]
    if is_typeddict(hint):
        return hash_of(hint)
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return "empty" if args == ("",) else {"enum": list(args)}
    if origin is list:
        return {"array": type_of(args[0])}
    if origin is dict:
        return {"map": type_of(args[1])}
    if origin in (typing.Union, types.UnionType):
        options = [type_of(arg) for arg in args if "UntypedStripeObject" not in repr(arg)]
        if any("enum" in option for option in options if isinstance(option, dict)):
            # The SDK writes `Literal["a", "b"] | str` so that new values type-check; Stripe refuses them.
            options = [option for option in options if option != "string"]
        return options[0] if len(options) == 1 else {"any": options}
    raise TypeError(f"No rule for {hint!r}")


if __name__ == "__main__":
    main()
