"""Lists: newest first, `limit` 1 to 100, cursors, `has_more`.

https://docs.stripe.com/api/pagination
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from operator import ge, gt, le, lt
from typing import Any

from engage_stripe.sandbox.collection import Collection, Obj
from engage_stripe.sandbox.errors import StripeError, invalid, missing
from engage_stripe.sandbox.routing import Call

DEFAULT_LIMIT = 10
MAX_LIMIT = 100
PAGING = "limit starting_after ending_before"

_BOUNDS = {"gt": gt, "gte": ge, "lt": lt, "lte": le}

Predicate = Callable[[Obj], bool]


def list_of(
    call: Call,
    type: str,
    *,
    where: Predicate | None = None,
    customer: str | None = None,
    within: Sequence[Obj] | None = None,
) -> Obj:
    """One page of the account's objects of a type that `where` accepts, newest first.

    `customer` narrows to one customer by index, `within` to some objects in the order given. A `created`
    parameter of the request is honoured.
    """
    chosen = _chosen(call.params, where)
    collection = call.account.collection(type) if within is None else _collected(within)
    limit = _limit(call.params)
    backwards = "ending_before" in call.params
    candidates = _candidates(call.params, collection, type, customer)
    found = list(islice((obj for obj in candidates if chosen(obj)), limit + 1))
    data = found[:limit]
    if backwards:
        data.reverse()
    return list_object(_url(call), data, has_more=len(found) > limit)


def list_object(url: str, data: list[Obj], *, has_more: bool = False) -> Obj:
    """`{"object": "list", …}`."""
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def in_range(value: int | None, wanted: Any) -> bool:
    """Whether a time satisfies a `created`-style parameter: a number, or `gt`, `gte`, `lt`, `lte`."""
    if value is None:
        return False
    if isinstance(wanted, dict):
        return all(_BOUNDS[name](value, bound) for name, bound in wanted.items())
    return bool(value == wanted)


def _collected(objs: Sequence[Obj]) -> Collection:
    collection = Collection()
    for obj in reversed(objs):
        collection.add(obj)
    return collection


def _chosen(params: dict[str, Any], where: Predicate | None) -> Predicate:
    created = params.get("created")

    def accepts(obj: Obj) -> bool:
        return (created is None or in_range(obj["created"], created)) and (where is None or where(obj))

    return accepts


def _candidates(params: dict[str, Any], collection: Collection, type: str, customer: str | None) -> Iterable[Obj]:
    after, before = params.get("starting_after"), params.get("ending_before")
    if after is not None and before is not None:
        raise invalid("You cannot parameterize both starting_after and ending_before.", param="starting_after")
    older_than = None if after is None else _place(collection, after, type, "starting_after")
    newer_than = None if before is None else _place(collection, before, type, "ending_before")
    if customer is not None:
        return _of_customer(collection, customer, older_than, newer_than)
    if newer_than is not None:
        return collection.oldest_first(after=newer_than)
    return collection.newest_first(before=older_than)


def _of_customer(
    collection: Collection, customer: str, older_than: int | None, newer_than: int | None
) -> Iterable[Obj]:
    owned = [(collection.place(obj["id"]) or 0, obj) for obj in collection.of_customer(customer)]
    if newer_than is not None:
        return [obj for place, obj in reversed(owned) if place > newer_than]
    return [obj for place, obj in owned if older_than is None or place < older_than]


def _place(collection: Collection, id: str, type: str, param: str) -> int:
    place = collection.place(id)
    if place is None:
        raise missing(type, id, param=param, status=400)
    return place


def _limit(params: dict[str, Any]) -> int:
    limit: int = params.get("limit", DEFAULT_LIMIT)
    if limit > MAX_LIMIT:
        raise _out_of_range(limit, f"less than or equal to {MAX_LIMIT}")
    if limit < 1:
        raise _out_of_range(limit, "greater than or equal to 1")
    return limit


def _out_of_range(limit: int, wanted: str) -> StripeError:
    return invalid(f"This value must be {wanted} (it currently is '{limit}').", param="limit")


def _url(call: Call) -> str:
    url = call.route.path
    for name, value in call.path.items():
        url = url.replace(f"{{{name}}}", value)
    return url
