"""Every route names parameters that exist: a typing mistake would refuse or accept the wrong thing."""

from __future__ import annotations

from typing import Any

import pytest

from engage_stripe.sandbox import spec
from engage_stripe.sandbox.registry import ROUTES, SHAPES
from engage_stripe.sandbox.routing import Route


def _knows(type: Any, path: list[str]) -> bool:
    """Whether a dotted parameter exists, looking through arrays, maps and alternatives."""
    if not path:
        return True
    if isinstance(type, str) or "enum" in type:
        return False
    if "hash" in type:
        return path[0] in type["hash"] and _knows(type["hash"][path[0]], path[1:])
    inner = type.get("any") or [type.get("array") or type["map"]]
    return any(_knows(each, path) for each in inner)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_it_names_parameters_that_stripe_has(route: Route) -> None:
    params = spec.requests()[route.name]["params"]
    wrong = [
        name for name in (*route.accepts.split(), *route.refuses.split()) if not _knows(params, name.split("."))
    ]
    assert wrong == []


def test_it_describes_every_object_it_serves() -> None:
    assert set(spec.objects()) == set(SHAPES)
