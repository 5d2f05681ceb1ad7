"""The product's own processes on a scratch database, in production mode, and a client that delivers signed events."""

import hashlib
import hmac
import json
import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.fernet import Fernet

from benchmarks.scratch import product_database
from engage_stripe.demo.processes import Supervisor, choose_port

REDIS_DATABASE = 11
"""Of the server that REDIS_URL names: queues and flags must not be shared with anybody."""


@contextmanager
def live_product(**environment: str) -> Iterator[tuple[Supervisor, str, Path]]:
    """A supervisor, the address for the web process, and a folder for the logs. Django is set up here too.

    ``environment`` is what the settings should find there besides.
    """
    url = f"http://127.0.0.1:{choose_port(0, on_taken=lambda _: None, purpose='benchmark')}"
    os.environ |= {
        "DEBUG": "0",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "PUBLIC_BASE_URL": url,
        "ALLOWED_HOSTS": "127.0.0.1",
        "REDIS_URL": f"{os.environ['REDIS_URL'].rpartition('/')[0]}/{REDIS_DATABASE}",
        "LOG_LEVEL": "WARNING",
        **environment,
    }
    with product_database(), TemporaryDirectory() as folder:
        from django.core.cache import cache

        cache.clear()
        with Supervisor(logs=Path(folder), on_restart=print) as supervisor:
            yield supervisor, url, Path(folder)


def start_web(
    supervisor: Supervisor,
    url: str,
    *,
    application: str = "engage_stripe.wsgi:application",
    workers: int = 2,
    threads: int = 24,
) -> None:
    """As ``make serve`` does, where nothing else is said."""
    port = url.rpartition(":")[2]
    granian = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", port]
    supervisor.start(
        "web",
        [*granian, "--workers", str(workers), "--blocking-threads", str(threads), application],
        environment={},
    )


class Client:
    """One kept-alive connection. Requests are bytes made beforehand, so that little time is the client's own."""

    def __init__(self, url: str) -> None:
        host, _, port = url.removeprefix("http://").partition(":")
        self._socket = socket.create_connection((host, int(port)))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes) -> bytes:
        """The answer's body. ``RuntimeError`` unless it is a 200."""
        self._socket.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._receive()
        head, _, body = answer.partition(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in head.lower().splitlines() if line.startswith(b"content-length")
        )
        while len(body) < length:
            body += self._receive()
        if b" 200 " not in head.splitlines()[0]:
            raise RuntimeError(head.splitlines()[0].decode(), body[:200])
        return body

    def _receive(self) -> bytes:
        received = self._socket.recv(65_536)
        if not received:
            raise RuntimeError("the server closed the connection")
        return received


def signed_request(path: str, event: dict[str, Any], secret: str) -> bytes:
    """A webhook as Stripe sends it, signed now."""
    body = json.dumps(event).encode()
    now = int(time.time())
    signature = hmac.new(secret.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nStripe-Signature: t={now},v1={signature}\r\n\r\n"
    )
    return head.encode() + body
