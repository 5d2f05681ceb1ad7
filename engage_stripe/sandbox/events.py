"""Event objects: https://docs.stripe.com/api/events/object."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.version import API_VERSION

if TYPE_CHECKING:
    from engage_stripe.sandbox.state import Account


def build_event(account: Account, type: str, rendered: Obj, previous_attributes: Obj | None) -> Obj:
    """An event in the pinned API version; `data.object` is a snapshot that never changes later."""
    data: Obj = {"object": copy.deepcopy(rendered)}
    if previous_attributes:
        data["previous_attributes"] = previous_attributes
    cause = account.world.cause
    return {
        "id": account.ids.new("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": account.world.clock.now(),
        "data": data,
        "livemode": account.livemode,
        "pending_webhooks": 0,
        "request": {"id": cause.id, "idempotency_key": cause.idempotency_key},
        "type": type,
    }


def changed_from(before: Obj, after: Obj) -> Obj:
    """`previous_attributes`: the old values of what changed, key by key inside hashes.

    A key that is new has the old value null; lists and API objects inside are given whole.
    """
    previous: Obj = {}
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict) and "id" not in old:
            previous[name] = changed_from(old, new)
        else:
            previous[name] = old
    return previous
