"""Idempotent requests: https://docs.stripe.com/api/idempotent_requests.

Answers are kept for 24 hours, 500s included; not for a request that failed validation, met another one
with the same key in progress, or was rate-limited. v1 DELETE ignores keys.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import takewhile
from operator import itemgetter
from urllib.parse import parse_qsl

from engage_stripe.sandbox.errors import StripeError
from engage_stripe.sandbox.state import Account

KEPT_SECONDS = 24 * 3600
MAX_LENGTH = 255


@dataclass
class Answer:
    """A finished response body."""

    status: int
    body: bytes
    headers: dict[str, str]


@dataclass
class Entry:
    """The first request with a key; `answer` is None while it is in progress."""

    fingerprint: str
    route: str
    created: int
    request_id: str
    answer: Answer | None = None


def fingerprint(method: str, path: str, body: str) -> str:
    """What has to be the same for a replay; the order of parameters may differ."""
    pairs = sorted(parse_qsl(body, keep_blank_values=True), key=itemgetter(0))
    return hashlib.sha256(f"{method} {path}\n{pairs}".encode()).hexdigest()


def recall(account: Account, key: str | None, request: Entry) -> Answer | None:
    """The stored answer to the first request with this key, None for a new one; conflicts are raised."""
    if key is None:
        return None
    if len(key) > MAX_LENGTH:
        raise StripeError(
            400,
            f"Idempotency key is too long: keys can be at most {MAX_LENGTH} characters.",
            type="idempotency_error",
        )
    first = account.idempotency.get(key)
    if first is None or first.created + KEPT_SECONDS <= request.created:
        return None
    if first.route != request.route:
        raise _reused(f"for the same endpoint they were first used for ({first.route})", key)
    if first.fingerprint != request.fingerprint:
        raise _reused("with the same parameters they were first used with", key)
    if first.answer is None:
        raise _in_progress(key)
    replayed = {"Idempotent-Replayed": "true", "Original-Request": first.request_id}
    return replace(first.answer, headers=first.answer.headers | replayed)


@contextmanager
def remembered(account: Account, key: str | None, request: Entry) -> Iterator[Entry]:
    """Hold the key while the request runs; it is kept only when the block set `request.answer`."""
    if key is None:
        yield request
        return
    _forget_old(account, request.created)
    account.idempotency[key] = request
    try:
        yield request
    finally:
        if request.answer is None:
            del account.idempotency[key]


def _forget_old(account: Account, now: int) -> None:
    """Drop what no request can meet any more; the oldest are the first."""
    old = takewhile(lambda entry: entry[1].created + KEPT_SECONDS <= now, account.idempotency.items())
    for key in [key for key, _ in old]:
        del account.idempotency[key]


def _reused(allowed: str, key: str) -> StripeError:
    return StripeError(
        400,
        f"Keys for idempotent requests can only be used {allowed}. Try using a key other than '{key}' if you "
        "meant to execute a different request.",
        type="idempotency_error",
    )


def _in_progress(key: str) -> StripeError:
    return StripeError(
        409,
        "There is currently another in-progress request using this Idempotent Key (that probably means you "
        f"submitted twice, and the other request is still going through): {key}. Please try again later.",
        type="idempotency_error",
        code="idempotency_key_in_use",
    )
