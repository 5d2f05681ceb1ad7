"""One HTTP request and its answer, by libcurl, over connections that are kept open.

https://curl.se/libcurl/c/libcurl-tutorial.html
"""

import os
from collections import deque
from collections.abc import Callable, Mapping
from functools import cache
from io import BytesIO
from typing import NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import pycurl


class Answer(NamedTuple):
    """``headers`` by their names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


_idle: deque[pycurl.Curl] = deque()
"""Handles that nobody uses, each with its open connections. The one that was used last is the next, as its connection
is the least likely to have been closed.
"""

os.register_at_fork(before=_idle.clear)  # a child would write into its parent's connections


def exchange(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: str | None,
    connect_timeout: float,
    timeout: float,
    trust: str,
) -> Answer:
    """Send the request once and read the whole answer; no redirect is followed.

    Time-outs in seconds; ``trust`` is a file of certificates. Raises ``pycurl.error`` ``(code, message)``, by the code
    ``E_ABORTED_BY_CALLBACK`` where a kept connection ended without an answer, or ``ValueError`` for a header that HTTP
    does not allow.
    """
    try:
        curl = _idle.pop()
    except IndexError:
        curl = pycurl.Curl()
    head, answer = BytesIO(), BytesIO()
    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.HTTPHEADER, [_line(name, value) for name, value in headers.items()] + ["Expect:"])
    curl.setopt(pycurl.PROXY, _proxy(url[: url.index("/", len("https://"))]))
    curl.setopt(pycurl.CAINFO, trust)
    curl.setopt(pycurl.CONNECTTIMEOUT_MS, _milliseconds(connect_timeout))
    curl.setopt(pycurl.TIMEOUT_MS, _milliseconds(timeout))
    curl.setopt(pycurl.ACCEPT_ENCODING, "gzip, deflate")
    curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
    curl.setopt(pycurl.NOSIGNAL, 1)  # https://curl.se/libcurl/c/threadsafe.html
    curl.setopt(pycurl.HEADERFUNCTION, head.write)
    curl.setopt(pycurl.WRITEFUNCTION, answer.write)
    curl.setopt(pycurl.PREREQFUNCTION, _once())
    if body is not None:
        curl.setopt(pycurl.POSTFIELDS, body)
    curl.setopt(pycurl.CUSTOMREQUEST, method)
    curl.perform()
    status = curl.getinfo(pycurl.RESPONSE_CODE)
    curl.reset()
    _idle.append(curl)  # one that has failed is not used again
    return Answer(status, _headers(head.getvalue()), answer.getvalue())


def _once() -> Callable[..., int]:
    """Lets one attempt pass. libcurl makes another where a kept connection ends before the answer begins; then nobody
    would know how often Stripe has got the request.

    https://github.com/curl/curl/pull/18417, https://curl.se/libcurl/c/CURLOPT_PREREQFUNCTION.html
    """
    attempts = iter([pycurl.PREREQFUNC_OK])
    return lambda *_: next(attempts, pycurl.PREREQFUNC_ABORT)


def _line(name: str, value: str) -> str:
    if not value.isprintable():
        raise ValueError(name)
    return f"{name}: {value}"


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))  # 0 would be for ever


@cache
def _proxy(origin: str) -> str:
    """That the environment names, as for the SDK's clients; empty for none."""
    scheme, host = urlsplit(origin)[:2]
    proxies = {} if proxy_bypass(host) else getproxies()
    return proxies.get(scheme) or proxies.get("all") or ""


def _headers(head: bytes) -> dict[str, str]:
    """Of the last of the answers, where others, such as *100 Continue*, came before it."""
    *_, last = head.decode("latin-1").strip().split("\r\n\r\n")
    pairs = (line.partition(":") for line in last.split("\r\n")[1:])
    return {name.lower(): value.strip() for name, _, value in pairs}
