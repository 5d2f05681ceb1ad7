"""Events: https://docs.stripe.com/api/events. Stripe lists the last 30 days."""

from __future__ import annotations

from fnmatch import fnmatchcase

from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import invalid
from engage_stripe.sandbox.listing import PAGING, list_of
from engage_stripe.sandbox.routing import Call, Route
from engage_stripe.sandbox.shapes import Shape

LISTED_SECONDS = 30 * 24 * 3600
MAX_TYPES = 20


def retrieve(call: Call) -> Obj:
    """`GET /v1/events/{id}`."""
    return call.account.find("event", call.path["id"])


def index(call: Call) -> Obj:
    """`GET /v1/events`; `type` may end in `.*`."""
    type, types = call.params.get("type"), call.params.get("types")
    if type is not None and types is not None:
        raise invalid("You may only specify one of these parameters: type, types.", param="types")
    if types is not None and len(types) > MAX_TYPES:
        raise invalid(f"You can filter by at most {MAX_TYPES} types.", param="types")
    patterns = types or ([type] if type else ["*"])
    oldest = call.now - LISTED_SECONDS
    return list_of(
        call,
        "event",
        where=lambda event: (
            event["created"] >= oldest and any(fnmatchcase(event["type"], pattern) for pattern in patterns)
        ),
    )


ROUTES = (
    Route("GET", "/v1/events", index, "event_read", accepts=f"{PAGING} created type types"),
    Route("GET", "/v1/events/{id}", retrieve, "event_read"),
)

SHAPES = {"event": Shape()}
