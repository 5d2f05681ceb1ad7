"""How a request to Stripe and its answer are written. Pure.

The SDK writes the same, and spends more time on it than on sending: it asks the platform and the environment about
themselves at each request, and words log lines that nobody reads.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote_plus, urlencode
from uuid import uuid4

import orjson

from connector.crypto import Secret

_ABOUT = {"X-Stripe-Client-User-Agent": json.dumps({"lang": "python", "httplib": "engage"})}
_ABOUT["User-Agent"] = "RecurlyEngage/1"


def path_of(*names: str) -> str:
    """``("subscriptions", "sub_1", "pause")`` → ``/v1/subscriptions/sub_1/pause``"""
    return "/".join(["/v1", *map(quote_plus, names)])


def headers_of(
    method: str, *, key: Secret, version: str, account: str | None, idempotency_key: str
) -> dict[str, str]:
    """A POST without a key of its own gets one, the same for all attempts: https://docs.stripe.com/api/idempotent_requests"""
    headers = {**_ABOUT, "Authorization": f"Bearer {key.reveal()}", "Stripe-Version": version}
    if account:
        headers["Stripe-Account"] = account
    if method == "POST":
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        headers["Idempotency-Key"] = idempotency_key or str(uuid4())
    return headers


def form_of(params: Mapping[str, Any]) -> str:
    """``{"items": [{"id": "si_1"}]}`` → ``items[0][id]=si_1``. What is None is left out."""
    return urlencode([pair for name, value in params.items() for pair in _pairs(name, value)], safe="[]")


def _pairs(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    match value:
        case dict():
            for key, one in value.items():
                yield from _pairs(f"{name}[{key}]", one)
        case list() | tuple():
            for n, one in enumerate(value):
                yield from _pairs(f"{name}[{n}]", one)
        case bool():
            yield name, str(value).lower()
        case None:
            return
        case _:
            yield name, value


def read_body(body: bytes) -> Any:
    """The JSON, None where it is none. Halves of characters are what only ``json`` takes."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            return json.loads(body)
        except ValueError:
            return None
