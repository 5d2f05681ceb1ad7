"""Everything a sandbox remembers: a World of accounts, keys and connections.

Handlers are plain functions that run to their end on one event loop, so nothing here needs a lock.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engage_stripe.sandbox.clock import Clock
from engage_stripe.sandbox.collection import Collection, Obj
from engage_stripe.sandbox.errors import Mode, StripeError, missing
from engage_stripe.sandbox.events import build_event, changed_from
from engage_stripe.sandbox.identifiers import Identifiers
from engage_stripe.sandbox.shapes import Shapes, render

if TYPE_CHECKING:
    from engage_stripe.sandbox.connect import Platform
    from engage_stripe.sandbox.idempotency import Entry
    from engage_stripe.sandbox.keys import Key

REQUESTS_KEPT = 20_000

Listener = Callable[["Account", Obj], None]


@dataclass(frozen=True)
class Cause:
    """The request that events are born from: `event.request`."""

    id: str | None = None
    idempotency_key: str | None = None


class Account:
    """One mode (test or live) of one Stripe account and its objects."""

    def __init__(self, world: World, id: str, *, livemode: bool) -> None:
        self.world = world
        self.id = id
        self.livemode = livemode
        self.name = "Sandbox account"
        self.created = world.clock.now()
        self._silent = False
        self.objects: dict[str, Collection] = {}
        self.deleted: dict[str, Obj] = {}
        # What the last failed retry does: `cancel`, `unpaid` or `past_due` (the Dashboard's setting).
        self.after_dunning = "cancel"
        self.idempotency: dict[str, Entry] = {}
        self.ids = Identifiers(f"{world.seed}:{id}:{livemode}")

    def collection(self, type: str) -> Collection:
        """Objects whose `object` is `type`, empty when there is none yet."""
        found = self.objects.get(type)
        if found is None:
            found = self.objects[type] = Collection()
        return found

    def add(self, obj: Obj) -> Obj:
        """Store an object under its `object` and `id`; call again after its `customer` changed."""
        self.collection(obj["object"]).add(obj)
        return obj

    def get(self, type: str, id: str) -> Obj | None:
        """The stored object, or None."""
        found = self.objects.get(type)
        return None if found is None else found.get(id)

    def find(self, type: str, id: str, *, param: str = "id", status: int = 404) -> Obj:
        """The stored object; StripeError `resource_missing` when there is none.

        For an id that came in a parameter rather than the URL pass its name and `status=400`.
        """
        obj = self.get(type, id)
        if obj is None:
            other = self.world.accounts.get((self.id, not self.livemode))
            elsewhere = other is not None and other.get(type, id) is not None
            mode: Mode | None = ("test" if self.livemode else "live") if elsewhere else None
            raise missing(type.removeprefix("test_helpers."), id, param=param, status=status, exists_in=mode)
        return obj

    def remove(self, obj: Obj) -> Obj:
        """Delete an object; returns (and keeps) Stripe's `{"id", "object", "deleted": true}`."""
        self.collection(obj["object"]).remove(obj["id"])
        stone = {"id": obj["id"], "object": obj["object"], "deleted": True}
        self.deleted[obj["id"]] = stone
        return stone

    def now(self, customer: str | None = None) -> int:
        """Epoch seconds: the frozen time of the customer's test clock, else the sandbox's clock."""
        holder = self.get("customer", customer) if customer else None
        clock_id = holder.get("test_clock") if holder else None
        clock = self.get("test_helpers.test_clock", clock_id) if clock_id else None
        return int(clock["frozen_time"]) if clock else self.world.clock.now()

    def emit(self, type: str, obj: Obj, previous_attributes: Obj | None = None) -> Obj:
        """Record an event about the object as it is now and tell every listener; {} while silent."""
        if self._silent:
            return {}
        event = build_event(self, type, render(self, obj), previous_attributes)
        self.add(event)
        for listener in self.world.listeners:
            listener(self, event)
        return event

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Events made in the block are neither kept nor told to anybody."""
        self._silent = True
        try:
            yield
        finally:
            self._silent = False

    @contextmanager
    def changing(self, obj: Obj, event_type: str) -> Iterator[Obj]:
        """Emit `event_type` with `previous_attributes` when the block changed what the API shows.

        A refusal in the block leaves the object as it was.
        """
        stored, shown = copy.deepcopy(obj), copy.deepcopy(render(self, obj))
        try:
            yield obj
        except StripeError:
            obj.clear()
            obj.update(stored)
            raise
        previous = changed_from(shown, render(self, obj))
        if previous:
            self.emit(event_type, obj, previous)


@dataclass
class World:
    """All accounts of one sandbox process."""

    shapes: Shapes
    seed: int = 0
    clock: Clock = field(default_factory=Clock)
    accounts: dict[tuple[str, bool], Account] = field(default_factory=dict)
    keys: dict[str, Key] = field(default_factory=dict)
    platforms: dict[str, Platform] = field(default_factory=dict)  # by client id
    # (platform account id, connected account id, livemode)
    connections: set[tuple[str, str, bool]] = field(default_factory=set)
    listeners: list[Listener] = field(default_factory=list)
    requests: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=REQUESTS_KEPT))
    cause: Cause = Cause()

    def __post_init__(self) -> None:
        self.ids = Identifiers(f"{self.seed}")

    def account(self, id: str, *, livemode: bool = False) -> Account:
        """That mode of the account, opened when it is new."""
        found = self.accounts.get((id, livemode))
        if found is None:
            found = self.accounts[(id, livemode)] = Account(self, id, livemode=livemode)
        return found
