"""Validation of requests against spec/requests.json, with Stripe's own error messages.

https://docs.stripe.com/error-codes: parameter_unknown, parameter_missing, parameter_invalid_empty,
parameter_invalid_integer.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from engage_stripe.sandbox import spec
from engage_stripe.sandbox.errors import StripeError, invalid, not_imitated
from engage_stripe.sandbox.routing import Route

ALWAYS = frozenset({"expand"})

Type = Any
Hash = dict[str, Any]


def validate(route: Route, decoded: Hash) -> Hash:
    """Typed parameters of a request, None where the request unsets one; StripeError 400 otherwise."""
    params = _hash(spec.requests()[route.name]["params"], decoded, "")
    accepted = ALWAYS | set(route.accepts.split())
    for name in params:
        if name not in accepted:
            raise not_imitated(f"the parameter '{name}' of {route.name}", param=name)
    for dotted in route.refuses.split():
        if _has(params, dotted.split(".")):
            raise not_imitated(f"the parameter '{dotted}' of {route.name}", param=dotted)
    return params


def _has(value: Any, path: list[str]) -> bool:
    if isinstance(value, list):
        return any(_has(each, path) for each in value)
    if not path:
        return True
    return isinstance(value, dict) and path[0] in value and _has(value[path[0]], path[1:])


def _hash(type: Hash, value: Any, path: str) -> Hash:
    if not isinstance(value, dict):
        raise invalid("Invalid object", param=path)
    fields: Hash = type["hash"]
    unknown = [_join(path, name) for name in value if name not in fields]
    if unknown:
        noun = "parameter" if len(unknown) == 1 else "parameters"
        raise invalid(f"Received unknown {noun}: {', '.join(unknown)}", param=unknown[0], code="parameter_unknown")
    for name in type.get("required", ()):
        if name not in value:
            param = _join(path, name)
            raise invalid(f"Missing required param: {param}.", param=param, code="parameter_missing")
        if value[name] == "":
            raise _empty(_join(path, name))
    return {name: _value(fields[name], given, _join(path, name)) for name, given in value.items()}


def _value(type: Type, value: Any, path: str) -> Any:
    if value == "":
        if type in ("string", "empty") or _allows_empty(type):
            return None
        raise _empty(path)
    if isinstance(type, str):
        return _scalar(type, value, path)
    kind = next(iter(type))
    return _COMPOUND[kind](type, value, path)


def _allows_empty(type: Type) -> bool:
    return isinstance(type, dict) and any(option in ("empty", "string") for option in type.get("any", ()))


def _any(type: Hash, value: Any, path: str) -> Any:
    options = [option for option in type["any"] if option != "empty"]
    if isinstance(value, dict):
        options = [option for option in options if _is_compound(option)] or options[:1]
    elif scalars := [option for option in options if not _is_compound(option)]:
        options = scalars
    refusal: StripeError | None = None
    for option in options:
        try:
            return _value(option, value, path)
        except StripeError as error:
            refusal = error
    raise refusal or _empty(path)


def _is_compound(type: Type) -> bool:
    return isinstance(type, dict) and "enum" not in type


def _array(type: Hash, value: Any, path: str) -> list[Any]:
    if not isinstance(value, dict) or not all(key.isdecimal() for key in value):
        raise invalid("Invalid array", param=path)
    places = sorted(value, key=int)
    return [_value(type["array"], value[place], f"{path}[{place}]") for place in places]


def _map(type: Hash, value: Any, path: str) -> Hash:
    if not isinstance(value, dict):
        raise invalid("Invalid object", param=path)
    return {
        key: None if each == "" else _value(type["map"], each, _join(path, key)) for key, each in value.items()
    }


def _enum(type: Hash, value: Any, path: str) -> Any:
    if value in type["enum"]:
        return value
    *most, last = type["enum"]
    choices = f"{', '.join(most)}, or {last}" if len(most) > 1 else " or ".join([*most, last])
    raise invalid(f"Invalid {path}: must be one of {choices}", param=path)


_COMPOUND: dict[str, Callable[[Hash, Any, str], Any]] = {
    "hash": _hash,
    "any": _any,
    "array": _array,
    "map": _map,
    "enum": _enum,
}


def _scalar(kind: str, value: Any, path: str) -> Any:
    if not isinstance(value, str):
        raise invalid(f"Invalid {kind}: {json.dumps(value)}", param=path)
    if kind == "integer":
        return _integer(value, path)
    if kind == "decimal":
        return _decimal(value, path)
    if kind == "boolean":
        if value not in ("true", "false"):
            raise invalid(f"Invalid boolean: {value}", param=path)
        return value == "true"
    return value


def _integer(value: str, path: str) -> int:
    if not value.removeprefix("-").isdecimal():
        raise invalid(f"Invalid integer: {value}", param=path, code="parameter_invalid_integer")
    return int(value)


def _decimal(value: str, path: str) -> str:
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise invalid(f"Invalid decimal: {value}", param=path) from None
    if not number.is_finite():
        raise invalid(f"Invalid decimal: {value}", param=path)
    return f"{number:f}"


def _empty(path: str) -> StripeError:
    return invalid(
        f"You passed an empty string for '{path}'. We assume empty values are an attempt to unset a "
        f"parameter; however '{path}' cannot be unset. You should remove '{path}' from your request or "
        "supply a non-empty value.",
        param=path,
        code="parameter_invalid_empty",
    )


def _join(path: str, name: str) -> str:
    return f"{path}[{name}]" if path else name
