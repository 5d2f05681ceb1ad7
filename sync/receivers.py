"""Whose secrets sign an event, remembered for seconds in this process, so that a webhook costs one statement.

Only what accepts events is remembered: whatever starts to accept them is seen at once. Secrets never leave the process.
Who is connected to an account is not remembered but looked up by the statement that stores the event.
"""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from connector.crypto import Secret
from connector.models import Connection, PlatformEndpoint

_SECONDS = 10.0
ACCEPTING = (Connection.Status.ACTIVE, Connection.Status.ERROR)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Receiver:
    """A connection as the webhook view sees it."""

    connection_id: UUID
    stripe_account_id: str
    livemode: bool
    accepts: bool
    secrets: tuple[Secret, ...]


class _Remembered(Generic[_T]):
    """Values that were worth keeping, for ``_SECONDS``."""

    def __init__(self, read: Callable[..., _T | None], keeps: Callable[[_T], bool]) -> None:
        self._read = read
        self._keeps = keeps
        self._kept: dict[Hashable, tuple[float, _T]] = {}

    def get(self, *key: Hashable) -> _T | None:
        kept = self._kept.get(key)
        return kept[1] if kept and kept[0] > time.monotonic() else self.read_again(*key)

    def read_again(self, *key: Hashable) -> _T | None:
        value = self._read(*key)
        self._kept.pop(key, None)
        if value is not None and self._keeps(value):
            self._kept[key] = (time.monotonic() + _SECONDS, value)
        return value

    def forget(self) -> None:
        self._kept.clear()


def _read_receiver(connection_id: UUID) -> Receiver | None:
    row = Connection.objects.filter(id=connection_id).first()
    if row is None:
        return None
    return Receiver(
        connection_id=row.id,
        stripe_account_id=row.stripe_account_id,
        livemode=row.livemode,
        accepts=row.status in ACCEPTING,
        secrets=tuple(row.accepted_secrets()),
    )


def _read_platform_secrets() -> tuple[Secret, ...]:
    return tuple(secret for row in PlatformEndpoint.objects.all() for secret in row.accepted_secrets())


receivers = _Remembered(_read_receiver, lambda receiver: receiver.accepts)
platform_secrets = _Remembered(_read_platform_secrets, bool)


def forget() -> None:
    """Forget everything; for tests that change a connection and look at once."""
    receivers.forget()
    platform_secrets.forget()
