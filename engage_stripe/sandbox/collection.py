"""The objects of one type of one account, in creation order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

Obj = dict[str, Any]


class Collection:
    """Constant-time lookup by id and by cursor, and an index by `customer`.

    Lists answer newest first; a page must not cost a walk over everything newer than its cursor, so each
    object keeps its place for ever and a removed one leaves a gap.
    """

    def __init__(self) -> None:
        self._items: dict[str, Obj] = {}
        self._order: list[str] = []
        self._place: dict[str, int] = {}
        self._by_customer: defaultdict[str, dict[str, None]] = defaultdict(dict)

    def add(self, obj: Obj) -> None:
        """Store, or store anew after its `customer` changed."""
        id = obj["id"]
        if id not in self._place:
            self._place[id] = len(self._order)
            self._order.append(id)
        self._items[id] = obj
        customer = obj.get("customer")
        if isinstance(customer, str):
            self._by_customer[customer][id] = None

    def get(self, id: str) -> Obj | None:
        """The stored object itself, not a copy."""
        return self._items.get(id)

    def remove(self, id: str) -> None:
        """Forget the object; its place stays usable as a cursor."""
        self._items.pop(id, None)

    def place(self, id: str) -> int | None:
        """Rank in creation order."""
        return self._place.get(id)

    def newest_first(self, *, before: int | None = None) -> Iterator[Obj]:
        """Objects created before the given place, newest first."""
        start = len(self._order) if before is None else before
        return self._at(range(start - 1, -1, -1))

    def oldest_first(self, *, after: int) -> Iterator[Obj]:
        """Objects created after the given place, oldest first."""
        return self._at(range(after + 1, len(self._order)))

    def of_customer(self, customer: str) -> list[Obj]:
        """That customer's objects, newest first."""
        ids = sorted(self._by_customer.get(customer, ()), key=self._place.__getitem__, reverse=True)
        found = (self._items.get(id) for id in ids)
        return [obj for obj in found if obj is not None and obj.get("customer") == customer]

    def _at(self, places: range) -> Iterator[Obj]:
        for place in places:
            obj = self._items.get(self._order[place])
            if obj is not None:
                yield obj

    def __iter__(self) -> Iterator[Obj]:
        return iter(list(self._items.values()))

    def __len__(self) -> int:
        return len(self._items)
