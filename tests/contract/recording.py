"""An HTTP client for the official SDK that hands every exchange to a recorder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

import stripe


@dataclass(frozen=True)
class Exchange:
    """One request and its answer."""

    method: str
    path: str
    status: int
    body: Any


class Recorder(Protocol):
    """Takes exchanges."""

    def note(self, exchange: Exchange) -> None:
        """Called once for every answer that is JSON."""


@dataclass
class Everything:
    """Keeps all exchanges, in order."""

    exchanges: list[Exchange] = field(default_factory=list)

    def note(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)


@dataclass
class OneOfEachShape:
    """Keeps the first exchange of each shape: which fields, of which types, with which words as values."""

    kept: dict[int, Exchange] = field(default_factory=dict)

    def note(self, exchange: Exchange) -> None:
        route = "/".join(part for part in exchange.path.split("/") if not any(map(str.isdigit, part[2:])))
        self.kept.setdefault(hash((exchange.method, route, exchange.status, _shape(exchange.body))), exchange)


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple((name, _shape(inner)) for name, inner in sorted(value.items()))
    if isinstance(value, list):
        return frozenset(_shape(inner) for inner in value)
    if isinstance(value, str) and value.isidentifier() and value.islower():
        return value
    return type(value)


class RecordingClient(stripe.RequestsClient):
    """The SDK's own client, with a recorder."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        body, status, answered = super().request(method, url, headers, post_data)
        if answered.get("Content-Type") == "application/json":
            self._recorder.note(Exchange(method.upper(), urlsplit(url).path, status, json.loads(body)))
        return body, status, answered
