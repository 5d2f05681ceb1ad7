"""How a request to Stripe is worded. Pure: knows no connection and no SDK.

https://docs.stripe.com/api/authentication, https://docs.stripe.com/api/versioning and
https://docs.stripe.com/connect/authentication
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

FORM = "application/x-www-form-urlencoded"


def standing_headers(*, key: str, account: str | None, version: str, library: str) -> dict[str, str]:
    """What every request says: whose key, on whose account, in which version of the API, and who we are."""
    headers = {
        "Authorization": f"Bearer {key}",
        "Stripe-Version": version,
        "User-Agent": f"Engage-Stripe-Connector {library}",
        "X-Stripe-Client-User-Agent": '{"httplib": "engage"}',
    }
    return headers | {"Stripe-Account": account} if account else headers


def encode(params: Mapping[str, object]) -> str:
    """As a form: ``{"items": [{"price": "price_1"}], "prorate": True}`` → ``items[0][price]=price_1&prorate=true``.

    What is None is left out.
    """
    return urlencode([pair for name, value in params.items() for pair in _flat(name, value)], safe="[]")


def _flat(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    match value:
        case None:
            return
        case Mapping():
            for key, one in value.items():
                yield from _flat(f"{name}[{key}]", one)
        case list() | tuple():
            for place, one in enumerate(value):
                yield from _flat(f"{name}[{place}]", one)
        case bool():
            yield name, str(value).lower()
        case _:
            yield name, value
