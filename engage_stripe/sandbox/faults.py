"""Faults: what may go wrong between a client and Stripe, on purpose and repeatably.

A fault strikes the requests that it matches; `count` and `probability` say how many. The same seed and
the same requests give the same faults.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict, deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from fnmatch import fnmatchcase
from time import monotonic
from typing import Literal

from starlette.requests import Request

from engage_stripe.sandbox.errors import StripeError
from engage_stripe.sandbox.keys import acting_account, authenticate
from engage_stripe.sandbox.state import World

Kind = Literal[
    "latency",  # wait `seconds` while the request is in progress
    "rate_limited",  # 429 rate_limit
    "lock_timeout",  # 429 lock_timeout: another request holds the object
    "server_error",  # `status` 500, 502 or 503 before anything is applied
    "stored_error",  # 500 that the idempotency key remembers, nothing applied
    "stored_after",  # apply the change, then 500 that the idempotency key remembers
    "drop_before",  # close the connection, nothing applied
    "drop_after",  # apply the change, then close the connection without an answer
    "truncate",  # apply the change, then close in the middle of the body
]
DURING: tuple[Kind, ...] = ("latency", "stored_error", "stored_after")
AROUND: tuple[Kind, ...] = (
    "rate_limited",
    "lock_timeout",
    "server_error",
    "drop_before",
    "drop_after",
    "truncate",
)


@dataclass
class Fault:
    """A rule: `method`, `path` (a glob such as `/v1/subscriptions/*`) and `account` narrow it.

    count: how many requests it strikes, None for all until it is cleared.
    probability: of striking a matching request, 0 to 1.
    """

    kind: Kind
    method: str | None = None
    path: str = "*"
    account: str | None = None
    count: int | None = 1
    probability: float = 1.0
    seconds: float = 1.0
    status: int = 500

    def __post_init__(self) -> None:
        if self.kind not in (*DURING, *AROUND):
            raise ValueError(f"Unknown fault {self.kind!r}: one of {', '.join((*DURING, *AROUND))}")

    def matches(self, request: Incoming) -> bool:
        """Return whether the rule is for this request and not used up."""
        return (
            self.count != 0
            and self.method in (None, request.method)
            and self.account in (None, request.account)
            and fnmatchcase(request.path, self.path)
        )


@dataclass(frozen=True)
class Incoming:
    """What a fault can match: `account` is None for a request without a valid key."""

    method: str
    path: str
    account: str | None


class Faults:
    """The faults of one sandbox, and its rate limit (requests a second and account, None for no limit)."""

    def __init__(self, world: World) -> None:
        self.rules: list[Fault] = []
        self.rate_limit: int | None = None
        self._world = world
        self._random = random.Random(f"{world.seed}:faults")  # noqa: S311  repeatable with the seed
        self._recent: defaultdict[str | None, deque[float]] = defaultdict(deque)

    def identify(self, method: str, path: str, headers: Mapping[str, str]) -> Incoming:
        """Return what a rule can match of a request."""
        try:
            key = authenticate(self._world, headers)
            account = acting_account(self._world, key, headers.get("stripe-account")).id
        except StripeError:
            return Incoming(method, path, None)
        return Incoming(method, path, account)

    def headers(self) -> dict[str, str]:
        """Return what every answer of Stripe's has, a refusal too."""
        return {
            "Date": formatdate(self._world.clock.now(), usegmt=True),
            "Request-Id": self._world.ids.new("req"),
        }

    def strike(self, kinds: Collection[Kind], request: Incoming) -> Fault | None:
        """Return the first fault of `kinds` that strikes the request, and count it."""
        for rule in self.rules:
            if rule.kind in kinds and rule.matches(request) and self._random.random() < rule.probability:
                if rule.count is not None:
                    rule.count -= 1
                return rule
        return None

    def is_over_limit(self, account: str | None) -> bool:
        """Count a request against the rate limit and return whether it is one too many."""
        if self.rate_limit is None:
            return False
        recent, now = self._recent[account], monotonic()
        while recent and recent[0] <= now - 1:
            recent.popleft()
        if len(recent) >= self.rate_limit:
            return True
        recent.append(now)
        return False

    async def during(self, request: Request) -> StripeError | None:
        """Awaited while the idempotency key is held and nothing is applied yet; may raise StripeError.

        Returns the error to answer with once the change is applied, if any.
        """
        incoming = self.identify(request.method, request.url.path, request.headers)
        fault = self.strike(DURING, incoming)
        if fault is None:
            return None
        if fault.kind == "stored_error":
            raise server_error(fault.status)
        if fault.kind == "stored_after":
            return server_error(fault.status)
        await asyncio.sleep(fault.seconds)
        return None


def rate_limited() -> StripeError:
    """https://docs.stripe.com/rate-limits."""
    return StripeError(
        429,
        "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.",
        code="rate_limit",
    )


def lock_timeout() -> StripeError:
    """https://docs.stripe.com/rate-limits#object-lock-timeouts: worth a retry."""
    return StripeError(
        429,
        "This object cannot be accessed right now because another API request or Stripe process is currently "
        "accessing it. If you see this error intermittently, retry the request. If you see this error "
        "frequently and are making multiple concurrent requests to a single object, make your requests "
        "serially or at a lower rate. For more details, see "
        "https://stripe.com/docs/rate-limits#object-lock-timeouts.",
        code="lock_timeout",
        should_retry=True,
    )


def server_error(status: int) -> StripeError:
    """https://docs.stripe.com/error-low-level#server-errors."""
    return StripeError(
        status,
        "An unexpected error occurred while processing your request. Please try again, or contact "
        "https://support.stripe.com/ if the problem persists.",
        type="api_error",
    )
