"""Billing meters: https://docs.stripe.com/api/billing/meter."""

from __future__ import annotations

from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import invalid
from engage_stripe.sandbox.listing import PAGING, list_object, list_of
from engage_stripe.sandbox.resources.fields import assign
from engage_stripe.sandbox.resources.meter_events import aggregate
from engage_stripe.sandbox.routing import Call, Route
from engage_stripe.sandbox.shapes import Shape


def create(call: Call) -> Obj:
    """`POST /v1/billing/meters`."""
    account, params = call.account, call.params
    for other in account.collection("billing.meter"):
        if other["event_name"] == params["event_name"] and other["status"] == "active":
            raise invalid(
                f"An active meter already exists with event name: {params['event_name']}.",
                param="event_name",
            )
    now = call.now
    default_mapping = {"event_payload_key": "stripe_customer_id", "type": "by_id"}
    meter: Obj = {
        "id": account.ids.new("mtr"),
        "object": "billing.meter",
        "created": now,
        "customer_mapping": params.get("customer_mapping", default_mapping),
        "default_aggregation": params["default_aggregation"],
        "display_name": params["display_name"],
        "event_name": params["event_name"],
        "event_time_window": params.get("event_time_window"),
        "livemode": account.livemode,
        "status": "active",
        "status_transitions": {"deactivated_at": None},
        "updated": now,
        "value_settings": params.get("value_settings", {"event_payload_key": "value"}),
    }
    account.add(meter)
    account.emit("billing.meter.created", meter)
    return meter


def retrieve(call: Call) -> Obj:
    """`GET /v1/billing/meters/{id}`."""
    return call.account.find("billing.meter", call.path["id"])


def update(call: Call) -> Obj:
    """`POST /v1/billing/meters/{id}`."""
    meter = call.account.find("billing.meter", call.path["id"])
    with call.account.changing(meter, "billing.meter.updated"):
        assign(meter, call.params, "display_name")
        meter["updated"] = call.now
    return meter


def deactivate(call: Call) -> Obj:
    """`POST /v1/billing/meters/{id}/deactivate`: no events and no new subscriptions from now on."""
    return _switch(call, "inactive", "billing.meter.deactivated", call.now)


def reactivate(call: Call) -> Obj:
    """`POST /v1/billing/meters/{id}/reactivate`."""
    return _switch(call, "active", "billing.meter.reactivated", None)


def index(call: Call) -> Obj:
    """`GET /v1/billing/meters`."""
    status = call.params.get("status")
    return list_of(call, "billing.meter", where=lambda meter: status is None or meter["status"] == status)


def summaries(call: Call) -> Obj:
    """`GET /v1/billing/meters/{id}/event_summaries`: one summary of the whole range.

    https://docs.stripe.com/api/billing/meter-event-summary
    """
    meter = call.account.find("billing.meter", call.path["id"])
    start, end = call.params["start_time"], call.params["end_time"]
    if start >= end:
        raise invalid("start_time must be before end_time.", param="start_time")
    value = aggregate(call.account, meter, call.params["customer"], start, end)
    summary = {
        "id": call.account.ids.new("mtrusg"),
        "object": "billing.meter_event_summary",
        "aggregated_value": value,
        "end_time": end,
        "livemode": call.account.livemode,
        "meter": meter["id"],
        "start_time": start,
    }
    return list_object(f"/v1/billing/meters/{meter['id']}/event_summaries", [summary])


def _switch(call: Call, status: str, event_type: str, deactivated_at: int | None) -> Obj:
    meter = call.account.find("billing.meter", call.path["id"])
    if meter["status"] == status:
        raise invalid(f"The meter is already {status}.")
    meter |= {
        "status": status,
        "status_transitions": {"deactivated_at": deactivated_at},
        "updated": call.now,
    }
    call.account.emit(event_type, meter)
    return meter


_PATH = "/v1/billing/meters"

ROUTES = (
    Route(
        "POST",
        _PATH,
        create,
        "billing_meter_write",
        accepts="customer_mapping default_aggregation display_name event_name event_time_window value_settings",
    ),
    Route("GET", _PATH, index, "billing_meter_read", accepts=f"{PAGING} status"),
    Route("GET", f"{_PATH}/{{id}}", retrieve, "billing_meter_read"),
    Route("POST", f"{_PATH}/{{id}}", update, "billing_meter_write", accepts="display_name"),
    Route("POST", f"{_PATH}/{{id}}/deactivate", deactivate, "billing_meter_write"),
    Route("POST", f"{_PATH}/{{id}}/reactivate", reactivate, "billing_meter_write"),
    Route(
        "GET",
        f"{_PATH}/{{id}}/event_summaries",
        summaries,
        "billing_meter_read",
        accepts="customer end_time start_time",
    ),
)

SHAPES = {"billing.meter": Shape()}
