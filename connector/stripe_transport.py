"""How requests travel to Stripe: within the account's budget, over kept-alive connections, back with a rank."""

import logging
import time
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, cast

import pycurl
import stripe

from connector.http_exchange import Answer, exchange
from connector.rate_limit import Priority, RateBudget

logger = logging.getLogger(__name__)

RANK = "engage-rank"
_TIMEOUTS: dict[Priority, tuple[float, float]] = {"click": (3, 20), "background": (5, 60)}
"""To connect, and for the whole answer; seconds."""

_AT_ONCE: dict[Priority, int] = {"click": 2, "background": 1}
"""Tokens: a click reads, then changes, and asks Redis once for both. One that it does not need is lost."""


class Transport(stripe.HTTPClient):
    """Has a token for every attempt and stamps each answer with its rank.

    No attempt goes on for longer than ``answer_by`` (of ``time.monotonic``). ``seconds`` is what all of them took.
    """

    name = "engage"

    def __init__(self, budget: RateBudget, answer_by: float | None) -> None:
        super().__init__()
        self._budget = budget
        self._answer_by = answer_by
        self._tokens = 0
        self.seconds = 0.0

    def request(self, method: str, url: str, headers: Any, post_data: Any = None, **_: Any) -> Any:
        self._spend_token()
        connect, whole = self._timeout()
        started = time.monotonic()
        try:
            answer = _exchange(method, url, headers, post_data, connect, whole)
        finally:
            seconds = time.monotonic() - started
            self.seconds += seconds
        about = answer.headers.get("request-id", "no request id")
        logger.debug("%s %s: %s after %.3f s, %s", method, url.partition("?")[0], answer.status, seconds, about)
        return answer.body, answer.status, _stamped(answer.headers, seconds)

    def _spend_token(self) -> None:
        if not self._tokens:
            wanted = _AT_ONCE[self._budget.priority]
            if not self._budget.take(wanted, within=self._left()):
                raise stripe.RateLimitError("The account's budget is used up.", http_status=429)
            self._tokens = wanted
        self._tokens -= 1

    def _left(self) -> float | None:
        return None if self._answer_by is None else self._answer_by - time.monotonic()

    def _timeout(self) -> tuple[float, float]:
        connect, whole = _TIMEOUTS[self._budget.priority]
        left = self._left()
        if left is None:
            return connect, whole
        if left <= 0:
            raise _connection_error("The time is over.", should_retry=False)
        return min(connect, left), min(whole, left)


def _exchange(
    method: str, url: str, headers: dict[str, str], body: str | None, connect: float, whole: float
) -> Answer:
    """What goes wrong on the way is worth another attempt, but for a certificate."""
    try:
        return exchange(
            method,
            url,
            headers=headers,
            body=body,
            connect_timeout=connect,
            timeout=whole,
            trust=stripe.ca_bundle_path,
        )
    except pycurl.error as error:
        code, message = cast("tuple[int, str]", error.args)
        raise _connection_error(message, should_retry=code != pycurl.E_PEER_FAILED_VERIFICATION) from None
    except ValueError:  # a header that HTTP does not allow; the message would show the key
        raise _connection_error("Not a valid request.", should_retry=False) from None


def _connection_error(message: str, *, should_retry: bool) -> stripe.APIConnectionError:
    return stripe.APIConnectionError(message, should_retry=should_retry)  # type: ignore[no-untyped-call]


def _stamped(headers: dict[str, str], seconds: float) -> dict[str, str]:
    """The rank of a state read by a request that took ``seconds``.

    Stripe read it no earlier than it got the request, so everything up to the second before that is in it. An
    answer without a Date, or one that Stripe stored for an earlier request with the same idempotency key, says
    nothing about now: rank 0 overwrites nothing. https://docs.stripe.com/api/idempotent_requests
    """
    date = headers.get("date") if headers.get("idempotent-replayed") != "true" else None
    complete_through = int(_epoch(date) - seconds) - 1 if date else 0
    headers[RANK] = str(2 * complete_through + 1 if date else 0)
    return headers


@lru_cache(maxsize=16)
def _epoch(date: str) -> float:
    return parsedate_to_datetime(date).timestamp()
