"""One event on its way to one endpoint, and the log of all of them."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from engage_stripe.sandbox.state import Account

DELIVERIES_KEPT = 10_000


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    QUEUED = "queued"
    WITHHELD = "withheld"  # by a disturbance, until it is released
    SCHEDULED = "scheduled"  # a delay or a retry, on a timer
    DELIVERED = "delivered"
    FAILED = "failed"  # every retry was used up
    ABANDONED = "abandoned"  # the endpoint was disabled or deleted meanwhile


@dataclass(frozen=True)
class Attempt:
    """One HTTP request: when (epoch seconds), and either the status answered or why there was none."""

    at: int
    status: int | None
    error: str | None


@dataclass(eq=False)
class Delivery:
    """An event rendered for one endpoint.

    `account` is where it happened; `owner` has the endpoint: the same account, or a platform.
    `body` is the JSON that is signed and sent, byte for byte the same at every attempt.
    """

    id: str
    owner: Account
    endpoint_id: str
    account: Account
    event: dict[str, Any]
    body: bytes
    state: DeliveryState = DeliveryState.QUEUED
    attempts: list[Attempt] = field(default_factory=list)

    def arrived(self) -> None:
        """The endpoint took it: one less of the event's pending webhooks."""
        self.state = DeliveryState.DELIVERED
        stored = self.account.get("event", self.event["id"])
        if stored is not None:
            stored["pending_webhooks"] = max(0, stored["pending_webhooks"] - 1)

    def as_json(self) -> dict[str, Any]:
        """Return what the admin API shows."""
        return {
            "id": self.id,
            "account": self.account.id,
            "endpoint": self.endpoint_id,
            "event": self.event["id"],
            "type": self.event["type"],
            "created": self.event["created"],
            "api_version": self.event["api_version"],
            "state": self.state,
            "attempts": [vars(attempt) for attempt in self.attempts],
        }


class DeliveryLog:
    """The latest deliveries, oldest first."""

    def __init__(self) -> None:
        self._kept: deque[Delivery] = deque(maxlen=DELIVERIES_KEPT)
        self._count = 0

    def next_id(self) -> str:
        """Return the id of the next delivery."""
        self._count += 1
        return f"whd_{self._count}"

    def add(self, delivery: Delivery) -> None:
        """Remember a delivery."""
        self._kept.append(delivery)

    def find(self, delivery_id: str) -> Delivery | None:
        """Return a delivery by its id."""
        return next((kept for kept in self._kept if kept.id == delivery_id), None)

    def matching(self, **fields: str) -> Iterator[Delivery]:
        """Yield deliveries, newest first, whose JSON has all of `fields` (`event`, `state`, …)."""
        for delivery in reversed(self._kept):
            shown = delivery.as_json()
            if all(str(shown.get(name)) == value for name, value in fields.items()):
                yield delivery

    def __iter__(self) -> Iterator[Delivery]:
        return iter(self._kept)
