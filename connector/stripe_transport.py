"""How requests travel to Stripe: within the account's budget, over kept-alive connections, back with a rank."""

import os
import time
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import stripe
import urllib3
from urllib3.util import Timeout, create_urllib3_context, make_headers, parse_url

from connector.rate_limit import Priority, RateBudget

RANK = "Engage-Rank"
_TIMEOUTS: dict[Priority, tuple[float, float]] = {"click": (3, 20), "background": (5, 60)}  # connect, read; s
_AT_ONCE: dict[Priority, int] = {"click": 2, "background": 1}
"""Tokens: a click reads, then changes, and asks Redis once for both. One that it does not need is lost."""

_IDLE_CONNECTIONS = 32  # kept for the threads of one process


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
        timeout = self._timeout()
        started = time.monotonic()
        try:
            answer = _exchange(method, url, headers, post_data, timeout)
        finally:
            seconds = time.monotonic() - started
            self.seconds += seconds
        return answer.data, answer.status, _stamped(answer.headers, seconds)

    def _spend_token(self) -> None:
        if not self._tokens:
            wanted = _AT_ONCE[self._budget.priority]
            if not self._budget.take(wanted, within=self._left()):
                raise stripe.RateLimitError("The account's budget is used up.", http_status=429)
            self._tokens = wanted
        self._tokens -= 1

    def _left(self) -> float | None:
        return None if self._answer_by is None else self._answer_by - time.monotonic()

    def _timeout(self) -> Timeout:
        connect, read = _TIMEOUTS[self._budget.priority]
        left = self._left()
        if left is None:
            return Timeout(connect=connect, read=read)
        if left <= 0:
            raise stripe.APIConnectionError("The time is over.", should_retry=False)  # type: ignore[no-untyped-call]
        return Timeout(connect=min(connect, left), read=min(read, left))


def _exchange(
    method: str, url: str, headers: dict[str, str], body: str | None, timeout: Timeout
) -> urllib3.BaseHTTPResponse:
    """One request, one answer. What goes wrong on the way is worth another attempt, but for a certificate."""
    try:
        return _pool(urlsplit(url)[:2]).urlopen(
            method.upper(),
            url,
            body=body,
            headers=_HEADERS | headers,
            timeout=timeout,
            retries=False,
            redirect=False,
        )
    except urllib3.exceptions.SSLError as error:
        raise _connection_error(error, should_retry=False) from None
    except urllib3.exceptions.HTTPError as error:
        raise _connection_error(error, should_retry=True) from None
    except ValueError:  # a header that HTTP does not allow; the message would show the key
        raise stripe.APIConnectionError("Not a valid request.", should_retry=False) from None  # type: ignore[no-untyped-call]


def _connection_error(error: Exception, *, should_retry: bool) -> stripe.APIConnectionError:
    message = f"{type(error).__name__}: {error}"
    return stripe.APIConnectionError(message, should_retry=should_retry)  # type: ignore[no-untyped-call]


def _stamped(headers: Any, seconds: float) -> Any:
    """The rank of a state read by a request that took ``seconds``.

    Stripe read it no earlier than it got the request, so everything up to the second before that is in it. An
    answer without a Date, or one that Stripe stored for an earlier request with the same idempotency key, says
    nothing about now: rank 0 overwrites nothing. https://docs.stripe.com/api/idempotent_requests
    """
    date = headers.get("Date") if headers.get("Idempotent-Replayed") != "true" else None
    complete_through = int(parsedate_to_datetime(date).timestamp() - seconds) - 1 if date else 0
    headers[RANK] = str(2 * complete_through + 1 if date else 0)
    return headers


_HEADERS = make_headers(keep_alive=True, accept_encoding="gzip, deflate")


@cache
def _pool(origin: tuple[str, str]) -> urllib3.PoolManager:
    """One per process and ``(scheme, host)``, through the proxy that the environment names, as the SDK's clients."""
    scheme, host = origin
    trust = create_urllib3_context()  # verifies certificates and names
    trust.load_verify_locations(stripe.ca_bundle_path)
    options: Any = {"maxsize": _IDLE_CONNECTIONS, "ssl_context": trust}
    proxies = {} if proxy_bypass(host) else getproxies()
    proxy = proxies.get(scheme) or proxies.get("all")
    if not proxy:
        return urllib3.PoolManager(**options)
    named = parse_url(proxy if "://" in proxy else f"http://{proxy}")
    return urllib3.ProxyManager(
        named.url, proxy_headers=make_headers(proxy_basic_auth=named.auth_decoded_joined), **options
    )


os.register_at_fork(after_in_child=_pool.cache_clear)  # a child must not write into its parent's connections
