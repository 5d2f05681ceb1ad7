"""Stripe's form encoding: `items[0][price]=price_1&expand[]=customer` to nested dicts of strings.

Every container comes out as a dict (`{"items": {"0": {"price": "price_1"}}}`): only the parameter's type
says whether it is a list, so params.py decides.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from engage_stripe.sandbox.errors import invalid

Decoded = dict[str, Any]

_KEY = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
_SEGMENT = re.compile(r"\[([^\[\]]*)\]")


def decode(encoded: str) -> Decoded:
    """Decode a query string or form body; StripeError when a name cannot be read."""
    decoded: Decoded = {}
    for key, value in parse_qsl(encoded, keep_blank_values=True):
        match = _KEY.match(key)
        if match is None:
            raise invalid(f"Invalid parameter name: {key}", param=key)
        _put(decoded, [match[1], *_SEGMENT.findall(match[2])], value, key)
    return decoded


def _put(node: Decoded, segments: list[str], value: str, key: str) -> None:
    for segment in segments[:-1]:
        name = segment or str(len(node))
        node = node.setdefault(name, {})
        if not isinstance(node, dict):
            raise invalid(f"Invalid parameter name: {key}", param=key)
    node[segments[-1] or str(len(node))] = value
