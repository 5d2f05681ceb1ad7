"""The gateway's HTTP client against small servers of our own: what the sandbox does not do on the wire."""

import os
import ssl
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
import redis
import stripe
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings as django_settings

from connector import http_exchange
from connector.crypto import Secret
from connector.errors import StripeError
from connector.models import Connection
from connector.rate_limit import Priority
from connector.stripe_gateway import StripeGateway


class Server(ThreadingHTTPServer):
    """Answers every request alike and remembers its first line and the port it came from."""

    status, location, hangs_up = 200, "", False
    body = b'{"id": "cus_1", "object": "customer"}'

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[tuple[str, int]] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.seen.append((self.requestline, self.client_address[1]))
        if self.server.hangs_up:
            self.close_connection = True
            return
        self.send_response(self.server.status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    do_DELETE = do_GET  # noqa: N815  the standard library's name

    def log_message(self, *_: Any) -> None:
        """Nothing to standard error."""


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[Server]:
    with Server() as server:
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def _fresh_pools() -> Iterator[None]:
    http_exchange._proxy.cache_clear()
    yield
    http_exchange._proxy.cache_clear()


def gateway(
    settings: Any,
    base: str,
    *,
    key: str = "sk_test_abc",
    priority: Priority = "background",
    answer_by: float | None = None,
) -> StripeGateway:
    settings.ENGAGE_STRIPE = {**settings.ENGAGE_STRIPE, "STRIPE_API_BASE": base}
    connection = Connection(
        method=Connection.Method.API_KEY,
        livemode=False,
        api_key=Secret(key),
        stripe_account_id=f"acct_{uuid.uuid4().hex}",
    )
    return StripeGateway(connection, priority=priority, answer_by=answer_by)


def test_it_keeps_connections_open(settings: Any) -> None:
    with serving() as server:
        for _ in range(3):
            assert gateway(settings, f"http://{server.address}").retrieve_customer("cus_1").data["id"] == "cus_1"

    assert len({port for _, port in server.seen}) == 1


def test_it_sends_once_where_a_kept_connection_ends_without_an_answer(settings: Any) -> None:
    """Stripe keeps no idempotency key for a DELETE: only who reads first may send it again."""
    with serving() as server:
        asked = gateway(settings, f"http://{server.address}")
        asked.retrieve_customer("cus_1")
        server.hangs_up = True
        with pytest.raises(StripeError) as caught:
            asked.delete_customer("cus_1")

    assert caught.value.outcome_unknown
    assert [line.split()[0] for line, _ in server.seen] == ["GET", "DELETE"]
    assert len({port for _, port in server.seen}) == 1


def test_it_reads_half_a_character(settings: Any) -> None:
    """JavaScript cuts emoji in two, and Stripe keeps what it was sent."""
    with serving() as server:
        server.body = b'{"id": "cus_1", "name": "Ada \\ud83d"}'
        assert (
            gateway(settings, f"http://{server.address}").retrieve_customer("cus_1").data["name"] == "Ada \ud83d"
        )


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (200, b"<html>Sign in to the airport's wireless</html>", "stripe_unavailable"),
        (200, b'["cus_1"]', "stripe_unavailable"),
        (200, b"[" * 100_000, "stripe_unavailable"),
        (403, b"<html>Not from this office</html>", "forbidden_by_stripe"),
        (302, b"", "stripe_unavailable"),
    ],
)
def test_it_takes_no_answer_that_is_not_stripes(settings: Any, status: int, body: bytes, code: str) -> None:
    with serving() as server:
        server.status, server.body = status, body
        with pytest.raises(StripeError) as caught:
            gateway(settings, f"http://{server.address}").delete_customer("cus_1")

    assert (caught.value.code, caught.value.outcome_unknown) == (code, status != 403)
    assert "html" not in caught.value.user_message


def test_it_leaves_its_connections_behind_when_it_forks() -> None:
    """Two processes that write into one connection would read each other's answers."""
    script = """
import os, sys, pycurl
from connector.http_exchange import _idle
_idle.append(pycurl.Curl())
child = os.fork()
if not child:
    os._exit(len(_idle))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "engage_stripe.settings"}
    subprocess.run([sys.executable, "-c", script], env=environment, check=True)


def test_it_asks_the_proxy_that_the_environment_names(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as proxy:
        monkeypatch.setenv("http_proxy", f"http://user:secret@{proxy.address}")
        monkeypatch.setenv("no_proxy", "localhost")
        gateway(settings, "http://stripe.example").retrieve_customer("cus_1")

    assert proxy.seen[0][0] == "GET http://stripe.example/v1/customers/cus_1 HTTP/1.1"


def test_it_asks_directly_where_the_environment_says_so(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as server:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        gateway(settings, f"http://{server.address}").retrieve_customer("cus_1")

    assert server.seen[0][0] == "GET /v1/customers/cus_1 HTTP/1.1"


def self_signed(folder: Path) -> Path:
    """A certificate of 127.0.0.1 that nobody vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "certificate.pem"
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


def test_it_trusts_the_certificates_that_the_sdk_trusts(
    settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    certificate = self_signed(tmp_path)
    with serving(certificate) as server:
        with pytest.raises(StripeError) as caught:
            gateway(settings, f"https://{server.address}").retrieve_customer("cus_1")
        assert caught.value.code == "stripe_unreachable"
        assert server.seen == []

        monkeypatch.setattr(stripe, "ca_bundle_path", str(certificate))
        assert gateway(settings, f"https://{server.address}").retrieve_customer("cus_1").data["id"] == "cus_1"


def test_it_follows_no_redirect(settings: Any) -> None:
    """The key would go along."""
    with serving() as elsewhere, serving() as server:
        server.status, server.location = 307, f"http://{elsewhere.address}/"
        with pytest.raises(StripeError):
            gateway(settings, f"http://{server.address}").retrieve_customer("cus_1")

    assert elsewhere.seen == []


def test_it_never_shows_a_key_that_cannot_be_sent(settings: Any) -> None:
    with pytest.raises(StripeError) as caught:
        gateway(settings, "http://127.0.0.1:9", key="sk_test_abc\ndef").retrieve_customer("cus_1")

    assert "sk_test" not in f"{caught.value} {caught.value.stripe_message} {caught.value.__cause__}"


def test_it_does_not_wait_for_a_share_of_the_budget_beyond_its_time(settings: Any) -> None:
    with serving() as server:
        asked = gateway(settings, f"http://{server.address}", priority="click", answer_by=time.monotonic() + 5)
        _spend(asked, tokens=1000)
        with pytest.raises(StripeError) as caught:
            asked.create_subscription({"customer": "cus_1"}, idempotency_key="once")

    assert (caught.value.code, caught.value.retryable, caught.value.outcome_unknown) == (
        "rate_limited",
        True,
        False,
    )
    assert server.seen == []


def test_it_takes_a_clicks_tokens_for_reading_and_changing_at_once(settings: Any) -> None:
    with serving() as server:
        asked = gateway(settings, f"http://{server.address}", priority="click", answer_by=time.monotonic() + 5)
        asked.retrieve_customer("cus_1")
        _spend(asked, tokens=1000)
        asked.retrieve_customer("cus_1")
        with pytest.raises(StripeError, match="limiting"):
            asked.retrieve_customer("cus_1")

    assert len(server.seen) == 2


def _spend(asked: StripeGateway, *, tokens: int) -> None:
    with redis.Redis.from_url(django_settings.REDIS_URL) as client:
        seconds, microseconds = client.time()
        key = f"stripe-rate:{asked._transport._budget.account}"
        client.hset(key, mapping={"tokens": -tokens, "at": f"{seconds}.{microseconds:06}"})
