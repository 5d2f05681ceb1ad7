"""How requests travel to Stripe: within the account's budget, over kept connections, again where that may help."""

import os
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import stripe
import urllib3
from urllib3.util import Timeout, create_urllib3_context, make_headers, parse_url

from connector.rate_limit import Priority, RateBudget

_TIMEOUTS: dict[Priority, tuple[float, float]] = {"click": (3, 20), "background": (5, 60)}  # connect, read; s
_IDLE_CONNECTIONS = 32  # kept for the threads of one process
_PAUSE = 0.5  # s, before the first repetition; twice as long before the next


class NoAnswerError(Exception):
    """Nothing came back. ``http_status`` is what Stripe would have said where nothing was sent."""

    def __init__(self, message: str, *, again: bool = False, http_status: int | None = None) -> None:
        super().__init__(message)
        self.again = again
        self.http_status = http_status


@dataclass(frozen=True, slots=True)
class Answer:
    """``seconds`` is what the attempt took that brought it."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


class Transport:
    """Takes a token before every attempt. No attempt goes on for longer than ``answer_by`` (of ``time.monotonic``).

    ``seconds`` is what all attempts took.
    """

    def __init__(self, budget: RateBudget, answer_by: float | None) -> None:
        self._budget = budget
        self._answer_by = answer_by
        self.seconds = 0.0

    def send(self, method: str, url: str, headers: dict[str, str], body: str | None, *, repeats: int) -> Answer:
        """Stripe's answer, whatever it is, to the first or one of ``repeats`` further attempts. ``NoAnswerError``."""
        for attempt in range(repeats + 1):
            is_last = attempt == repeats
            try:
                answer = self._attempt(method, url, headers, body)
            except NoAnswerError as error:
                if is_last or not error.again:
                    raise
            else:
                if is_last or not _is_worth_repeating(answer):
                    return answer
            time.sleep(max(_PAUSE * 2**attempt * random.uniform(0.5, 1), _PAUSE))  # noqa: S311  no secret
        raise AssertionError  # the last attempt returns or raises

    def _attempt(self, method: str, url: str, headers: dict[str, str], body: str | None) -> Answer:
        if not self._budget.take(within=self._left()):
            raise NoAnswerError("The account's budget is used up.", http_status=429)
        timeout = self._timeout()
        started = time.monotonic()
        try:
            answer = _exchange(method, url, headers, body, timeout)
        finally:
            seconds = time.monotonic() - started
            self.seconds += seconds
        return Answer(answer.status, answer.headers, answer.data, seconds)

    def _left(self) -> float | None:
        return None if self._answer_by is None else self._answer_by - time.monotonic()

    def _timeout(self) -> Timeout:
        connect, read = _TIMEOUTS[self._budget.priority]
        left = self._left()
        if left is None:
            return Timeout(connect=connect, read=read)
        if left <= 0:
            raise NoAnswerError("The time is over.")
        return Timeout(connect=min(connect, left), read=min(read, left))


def _is_worth_repeating(answer: Answer) -> bool:
    """As Stripe says, else where it was busy or in trouble: https://docs.stripe.com/error-low-level"""
    said = answer.headers.get("Stripe-Should-Retry")
    return said == "true" if said in {"true", "false"} else answer.status == 409 or answer.status >= 500


def _exchange(
    method: str, url: str, headers: dict[str, str], body: str | None, timeout: Timeout
) -> urllib3.BaseHTTPResponse:
    """One request, one answer. What goes wrong on the way is worth another attempt, but for a certificate."""
    try:
        return _pool(urlsplit(url)[:2]).urlopen(
            method,
            url,
            body=body,
            headers=_HEADERS | headers,
            timeout=timeout,
            retries=False,
            redirect=False,
        )
    except urllib3.exceptions.SSLError as error:
        raise NoAnswerError(f"{type(error).__name__}: {error}") from None
    except urllib3.exceptions.HTTPError as error:
        raise NoAnswerError(f"{type(error).__name__}: {error}", again=True) from None
    except ValueError:  # a header that HTTP does not allow; the message would show the key
        raise NoAnswerError("Not a valid request.") from None


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
