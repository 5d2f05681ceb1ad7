"""An HTTP client for the official SDK that keeps every exchange."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import stripe


@dataclass(frozen=True)
class Exchange:
    """One request and its answer."""

    method: str
    path: str
    status: int
    body: Any


@dataclass
class Recorder:
    """What was exchanged, in order."""

    exchanges: list[Exchange] = field(default_factory=list)


class RecordingClient(stripe.RequestsClient):
    """The SDK's own client, with a recorder."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        body, status, answered = super().request(method, url, headers, post_data)
        exchange = Exchange(method.upper(), urlsplit(url).path, status, json.loads(body))
        self._recorder.exchanges.append(exchange)
        return body, status, answered
