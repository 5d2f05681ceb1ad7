"""Events in the API version of the endpoint that receives them.

Stripe renders an event in the version its endpoint was created with, whatever version the account
or the request uses (https://docs.stripe.com/webhooks/versioning). The sandbox keeps every object in
the pinned version and walks back through `CHANGES`, newest first, until it reaches the endpoint's.
"""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from engage_stripe.sandbox.events import changed_from
from engage_stripe.sandbox.webhooks.version_changes import CHANGES, Fetch, Json, VersionChange

_RENAMED_IN_2020 = {
    # https://docs.stripe.com/changelog/2020-08-27/renames-automatically-updated-event-type
    "payment_method.automatically_updated": "payment_method.card_automatically_updated",
}


def event_type_in(version: str, event_type: str) -> str:
    """Return the name that `event_type` has in API `version` (`2019-03-14`, `2025-03-31.basil`)."""
    if _date(version) < "2020-08-27":
        return _RENAMED_IN_2020.get(event_type, event_type)
    return event_type


def render_event(event: Json, version: str, fetch: Fetch) -> Json:
    """Return a copy of `event`, an event in the pinned version, as API `version` has it.

    `fetch` returns an object of the account in the pinned version: older versions embed objects of
    which newer ones only give the id.
    """
    current = event["data"]["object"]
    data = {**event["data"], "object": render_object(current, version, fetch)}
    if "previous_attributes" in data:
        former = _merge(current, data["previous_attributes"])
        data["previous_attributes"] = changed_from(render_object(former, version, fetch), data["object"])
    return {
        **event,
        "api_version": version,
        "type": event_type_in(version, event["type"]),
        "data": data,
    }


def render_object(obj: Json, version: str, fetch: Fetch) -> Json:
    """Return a copy of `obj` and of everything inside it, as API `version` has it."""
    newer = [change for change in CHANGES if _date(version) < change.since]
    return _undo(newer, obj, fetch)


def _undo(changes: Sequence[VersionChange], obj: Json, fetch: Fetch) -> Json:
    rendered = deepcopy(obj)
    for index, change in enumerate(changes):
        rendered = _walk(rendered, change, _fetch_through(changes[:index], fetch))
    return rendered


def _fetch_through(changes: Sequence[VersionChange], fetch: Fetch) -> Fetch:
    """Return a `fetch` whose answers went through the `changes` that are already undone."""

    def fetch_older(object_type: str, object_id: str) -> Json | None:
        found = fetch(object_type, object_id)
        return None if found is None else _undo(changes, found, fetch)

    return fetch_older


def _walk(value: Any, change: VersionChange, fetch: Fetch) -> Any:
    if isinstance(value, list):
        return [_walk(element, change, fetch) for element in value]
    if not isinstance(value, dict):
        return value
    walked = {key: _walk(child, change, fetch) for key, child in value.items()}
    undo = change.undo.get(walked.get("object", ""))
    return walked if undo is None else undo(walked, fetch)


def _merge(current: Json, previous: Json) -> Json:
    merged = dict(current)
    for key, old in previous.items():
        new = current.get(key)
        merged[key] = _merge(new, old) if isinstance(old, dict) and isinstance(new, dict) else old
    return merged


def _date(version: str) -> str:
    return version[:10]
