"""How a request to Stripe is worded: parameters as forms and who asks as headers, the same as by the official SDK.

https://docs.stripe.com/api. The SDK's own wording takes longer than sending does (ADR 100); that both say the same is
tested against it.
"""

import json
import platform
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote_plus

import stripe

from connector.crypto import Secret

_ABOUT_US = {
    "Stripe-Version": stripe.api_version,
    "User-Agent": f"Stripe/v1 PythonBindings/{stripe.VERSION} RecurlyEngage",
    "X-Stripe-Client-User-Agent": json.dumps(
        {
            "bindings_version": stripe.VERSION,
            "lang": "python",
            "lang_version": platform.python_version(),
            "httplib": "engage",
            "application": {"name": "RecurlyEngage"},
        }
    ),
}


class Worded(NamedTuple):
    """``form`` is the body, None where the parameters are in the URL."""

    url: str
    headers: dict[str, str]
    form: str | None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: by which key, and for which connected account where it is not the key's own. ``base`` is the address
    of Stripe's API, without a slash at its end.
    """

    base: str
    api_key: Secret
    account: str | None

    def word(
        self, method: str, path: str, params: Mapping[str, object], idempotency_key: str | None = None
    ) -> Worded:
        """``path`` begins with a slash. Every POST has an idempotency key, one of its own where none is given, so that
        all attempts at it are one request. https://docs.stripe.com/api/idempotent_requests
        """
        headers = {**_ABOUT_US, "Authorization": f"Bearer {self.api_key.reveal()}"}
        if self.account:
            headers["Stripe-Account"] = self.account
        url, worded = f"{self.base}{path}", form(params)
        if method != "POST":
            return Worded(f"{url}?{worded}" if worded else url, headers, None)
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        headers["Idempotency-Key"] = idempotency_key or str(uuid.uuid4())
        return Worded(url, headers, worded)


def form(params: Mapping[str, object]) -> str:
    """``{"items": [{"id": "si_1"}], "trial": True}`` → ``items[0][id]=si_1&trial=true``. None is left out, an empty
    text stays: it unsets. https://docs.stripe.com/api/metadata
    """
    return "&".join(f"{_quoted_name(name)}={quote_plus(value)}" for name, value in _pairs(params))


def _pairs(params: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, value in params.items():
        yield from _of_value(name, value)


def _of_value(name: str, value: object) -> Iterator[tuple[str, str]]:
    match value:
        case None:
            return
        case str():
            yield name, value
        case bool():
            yield name, "true" if value else "false"
        case Mapping():
            for key, inner in value.items():
                yield from _of_value(f"{name}[{key}]", inner)
        case list() | tuple():
            for place, inner in enumerate(value):
                yield from _of_value(f"{name}[{place}]", inner)
        case _:
            yield name, str(value)


@lru_cache(maxsize=1000)
def _quoted_name(name: str) -> str:
    """They recur, unlike values, which may be personal and are not kept."""
    return quote_plus(name, safe="[]")
