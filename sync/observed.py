"""What was observed, what it touched, and its place in Stripe's time. Plain data, no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from sync.facts import Doubt, Fact, Json

ConnectionId: TypeAlias = str
"""A connection's UUID as text: Python hashes it ten times as fast, and a batch does so thousands of times."""

CustomerKey: TypeAlias = tuple[ConnectionId, str]
"""(connection id, Stripe customer id)"""


@dataclass(slots=True)
class Observation:
    """What one event or one answer said: ``rank`` places it in Stripe's time, ``source`` says where it came from."""

    connection_id: ConnectionId
    rank: int
    source: Json
    facts: Sequence[Fact]
    doubts: Sequence[Doubt] = ()


class Written(NamedTuple):
    """A fact that the mirror took. ``source`` says where it came from."""

    fact: Fact
    rank: int
    source: Json


WrittenOf: TypeAlias = Mapping[CustomerKey, Sequence[Written]]
"""What the mirror took of each customer."""


@dataclass(slots=True)
class Mirrored:
    """What changed, for whom, and what has to be read again. ``renamed`` are products and coupons.

    The value of one is whether it was unknown before: then only those can show its name who were written without it.
    ``touched`` has the highest rank of what was said of a customer, ``written`` what the mirror took of it.
    """

    touched: dict[CustomerKey, int] = field(default_factory=dict)
    written: dict[CustomerKey, list[Written]] = field(default_factory=dict)
    doubts: dict[tuple[ConnectionId, Doubt], int] = field(default_factory=dict)
    renamed: dict[tuple[ConnectionId, str, str], bool] = field(default_factory=dict)

    def touch(self, connection_id: ConnectionId, customer: str | None, rank: int) -> None:
        if customer:
            key = (connection_id, customer)
            self.touched[key] = max(self.touched.get(key, 0), rank)

    def wrote(self, connection_id: ConnectionId, customer: str | None, written: Written) -> None:
        if customer:
            self.written.setdefault((connection_id, customer), []).append(written)

    def doubt(self, connection_id: ConnectionId, doubt: Doubt, rank: int) -> None:
        """Only a fetch of the next odd rank after ``rank`` settles it."""
        key = (connection_id, doubt)
        self.doubts[key] = max(self.doubts.get(key, 0), settling_rank(rank))


def event_rank(created: int) -> int:
    """The rank of an event that Stripe created in this second."""
    return 2 * created


def settling_rank(rank: int) -> int:
    """The lowest rank of a fetch that includes everything of the second that ``rank`` is in."""
    return rank + 1 + rank % 2


def is_fetched(rank: int) -> bool:
    """Whether a fetch said it; even ranks are events'."""
    return rank % 2 == 1
