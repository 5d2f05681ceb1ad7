"""Stripe's requests and objects at the pinned API version; tests.contract.generate_sandbox_spec.py writes both."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def requests() -> dict[str, dict[str, Any]]:
    """`{"params": type, "returns": field}` by route name (`POST /v1/customers`)."""
    return _load("requests.json")


@cache
def objects() -> dict[str, dict[str, Any]]:
    """The fields through which an expand path can go, by object type."""
    return _load("objects.json")


def _load(name: str) -> dict[str, dict[str, Any]]:
    loaded: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / name).read_text())
    return loaded
