"""Usage: https://docs.stripe.com/api/billing/meter-event."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import StripeError, invalid
from engage_stripe.sandbox.routing import Call, Route
from engage_stripe.sandbox.shapes import Shape
from engage_stripe.sandbox.state import Account

# https://docs.stripe.com/api/billing/meter-event/create: 35 days back, 5 minutes ahead, ids unique for a day.
OLDEST_SECONDS = 35 * 24 * 3600
NEWEST_SECONDS = 5 * 60
UNIQUE_SECONDS = 24 * 3600


def create(call: Call) -> Obj:
    """`POST /v1/billing/meter_events`."""
    account, params = call.account, call.params
    meter = _active_meter(account, params["event_name"])
    customer = _customer(account, meter, params["payload"])
    now = account.now(customer)
    timestamp = params.get("timestamp", now)
    _check_timestamp(timestamp, now)
    _value(meter, params["payload"])
    identifier = params.get("identifier") or account.ids.new("mtrevt")
    earlier = account.get("billing.meter_event", identifier)
    if earlier is not None and earlier["created"] + UNIQUE_SECONDS > now:
        raise invalid(f"An event already exists with identifier {identifier}.", param="identifier")
    return account.add(
        {
            "id": identifier,
            "object": "billing.meter_event",
            "created": now,
            "event_name": params["event_name"],
            "identifier": identifier,
            "livemode": account.livemode,
            "payload": params["payload"],
            "timestamp": timestamp,
        }
    )


def aggregate(account: Account, meter: Obj, customer: str, start: int, end: int) -> int | float:
    """What the meter counts for a customer from `start` to before `end`, by its own formula."""
    key = meter["customer_mapping"]["event_payload_key"]
    values = [
        _value(meter, event["payload"])
        for event in account.collection("billing.meter_event")
        if event["event_name"] == meter["event_name"]
        and event["payload"].get(key) == customer
        and start <= event["timestamp"] < end
    ]
    formula = meter["default_aggregation"]["formula"]
    if formula == "count":
        return len(values)
    total = sum(values, Decimal()) if formula == "sum" else (values or [Decimal()])[-1]
    return int(total) if total == total.to_integral_value() else float(total)


def show(_account: Account, event: Obj) -> Obj:
    """A meter event has no `id`; the sandbox keeps it under its identifier."""
    return {name: value for name, value in event.items() if name != "id"}


def _active_meter(account: Account, event_name: str) -> Obj:
    meters = [meter for meter in account.collection("billing.meter") if meter["event_name"] == event_name]
    active = [meter for meter in meters if meter["status"] == "active"]
    if active:
        return active[0]
    if meters:
        raise _refused(f"The meter for event name {event_name} is inactive.", "archived_meter", "event_name")
    raise _refused(f"No active meter found for event name {event_name}.", "no_meter", "event_name")


def _customer(account: Account, meter: Obj, payload: dict[str, Any]) -> str:
    key = meter["customer_mapping"]["event_payload_key"]
    customer = payload.get(key)
    if not customer:
        raise _refused(
            f"The payload has no customer under the key {key}.",
            "meter_event_no_customer_defined",
            f"payload[{key}]",
        )
    if account.get("customer", customer) is None:
        raise _refused(f"No such customer: '{customer}'", "meter_event_customer_not_found", f"payload[{key}]")
    return str(customer)


def _value(meter: Obj, payload: dict[str, Any]) -> Decimal:
    key = meter["value_settings"]["event_payload_key"]
    given = payload.get(key)
    if given is None and meter["default_aggregation"]["formula"] == "count":
        return Decimal(1)
    if given is None:
        raise _refused(
            f"The payload has no value under the key {key}.",
            "meter_event_value_not_found",
            f"payload[{key}]",
        )
    try:
        return Decimal(given)
    except InvalidOperation:
        raise _refused(
            f"The value {given} is not a number.", "meter_event_invalid_value", f"payload[{key}]"
        ) from None


def _check_timestamp(timestamp: int, now: int) -> None:
    if timestamp < now - OLDEST_SECONDS:
        raise _refused("The timestamp is more than 35 days in the past.", "timestamp_too_far_in_past", "timestamp")
    if timestamp > now + NEWEST_SECONDS:
        raise _refused(
            "The timestamp is more than five minutes in the future.", "timestamp_in_future", "timestamp"
        )


def _refused(message: str, code: str, param: str) -> StripeError:
    return invalid(message, code=code, param=param)


ROUTES = (
    Route(
        "POST",
        "/v1/billing/meter_events",
        create,
        "billing_meter_event_write",
        accepts="event_name identifier payload timestamp",
    ),
)

SHAPES = {"billing.meter_event": Shape(render=show)}
