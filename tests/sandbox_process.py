"""Fixtures: a sandbox Stripe in its own process, and fresh private accounts in it.

`pytest_plugins = ["tests.sandbox_process"]` in tests/conftest.py makes them available everywhere. Under
pytest-xdist every worker has its own process.
"""

from __future__ import annotations

import atexit
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import stripe

from tests.contract.recording import OneOfEachShape, RecordingClient

_URL = re.compile(r"http://\S+")
_HTTP = httpx.Client(timeout=120, trust_env=False)  # one for all: making one takes longer than most requests
atexit.register(_HTTP.close)


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox; `admin` calls its admin API and returns the JSON."""

    url: str
    answers: OneOfEachShape = field(default_factory=OneOfEachShape, repr=False, compare=False)

    def admin(self, method: str, path: str, /, **body: Any) -> dict[str, Any]:
        """`sandbox.admin("POST", "clock", offset=5)`; for GET the keywords go into the query."""
        url = f"{self.url}/_sandbox/{path}"
        answer = _HTTP.request(method, url, **({"params": body} if method == "GET" else {"json": body}))
        answer.raise_for_status()
        return dict(answer.json())

    def client(self, key: str, **options: Any) -> stripe.StripeClient:
        """The official SDK with that key; `options` go to StripeClient."""
        defaults: dict[str, Any] = {
            "base_addresses": {"api": self.url, "connect": self.url},
            "max_network_retries": 0,
            "http_client": RecordingClient(self.answers),
        }
        return stripe.StripeClient(key, **{**defaults, **options})

    def open_account(self, *, livemode: bool = False) -> StripeAccount:
        """A new empty account."""
        opened = self.admin("POST", "accounts", livemode=livemode)
        return StripeAccount(self, opened["account"], livemode, opened["secret_key"])


@dataclass(frozen=True)
class StripeAccount:
    """One private account in a sandbox."""

    sandbox: Sandbox
    id: str
    livemode: bool
    secret_key: str

    @property
    def client(self) -> stripe.StripeClient:
        """The SDK with the account's secret key."""
        return self.sandbox.client(self.secret_key)

    def restricted_key(self, permissions: Iterable[str]) -> str:
        """A new restricted key with those `rak_` permissions (the prefix may be left out)."""
        return self._new_key("restricted", permissions)

    def publishable_key(self) -> str:
        """A new publishable key."""
        return self._new_key("publishable", ())

    def _new_key(self, kind: str, permissions: Iterable[str]) -> str:
        created = self.sandbox.admin(
            "POST",
            "keys",
            account=self.id,
            livemode=self.livemode,
            kind=kind,
            permissions=list(permissions),
        )
        return str(created["key"])

    def requests(self, **where: str) -> list[dict[str, Any]]:
        """The account's requests so far, oldest first; narrowed by `method=` and `path=`."""
        found = self.sandbox.admin("GET", "requests", account=self.id, **where)
        return list(found["data"])


@contextmanager
def running_sandbox(*options: str) -> Iterator[Sandbox]:
    """A sandbox process of its own, started with command-line options."""
    command = [sys.executable, "-m", "engage_stripe.sandbox", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = _URL.search(process.stdout.readline())
        if found is None:
            raise RuntimeError("The sandbox did not start; its error is above.")
        try:
            yield Sandbox(found[0])
        finally:
            process.terminate()
            process.wait(timeout=10)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """One sandbox process for the session."""
    with running_sandbox() as running:
        yield running
        _check_contract(running)


def _check_contract(sandbox: Sandbox) -> None:
    """Whatever the suite's clients were answered, and our gateway asked for, is in Stripe's own description."""
    from tests.contract import whole_suite  # noqa: PLC0415  the description takes a second to load

    asked = sandbox.admin("GET", "requests", client=whole_suite.GATEWAY)["data"]
    wrong = [*whole_suite.gateway_request_errors(asked), *whole_suite.recorded_answer_errors(sandbox.answers)]
    assert not wrong, "\n".join(["Not as Stripe describes it:", *wrong])


@pytest.fixture
def stripe_account(sandbox: Sandbox) -> StripeAccount:
    """A fresh, empty test-mode account."""
    return sandbox.open_account()
