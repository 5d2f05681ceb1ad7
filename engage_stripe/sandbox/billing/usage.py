"""Metered usage: https://docs.stripe.com/billing/subscriptions/usage-based."""

from __future__ import annotations

from engage_stripe.sandbox.billing.draft import Draft
from engage_stripe.sandbox.collection import Obj


def metered_quantity(draft: Draft, item: Obj) -> int:
    """What the price's meter counted for the customer in the item's current period."""
    meter = draft.account.get("billing.meter", draft.price(item)["recurring"].get("meter") or "")
    if meter is None:
        return 0
    key = meter["customer_mapping"]["event_payload_key"]
    value_key = meter["value_settings"]["event_payload_key"]
    values = [
        int(event["payload"].get(value_key, 1))
        for event in draft.account.collection("billing.meter_event")
        if event["event_name"] == meter["event_name"]
        and event["payload"].get(key) == draft.sub["customer"]
        and item["current_period_start"] <= event["timestamp"] < item["current_period_end"]
    ]
    formula = meter["default_aggregation"]["formula"]
    if formula == "count":
        return len(values)
    return sum(values) if formula == "sum" else (values or [0])[-1]
