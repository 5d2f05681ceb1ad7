"""Metered usage: https://docs.stripe.com/billing/subscriptions/usage-based."""

from __future__ import annotations

from engage_stripe.sandbox.billing.draft import Draft
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.resources.meter_events import aggregate


def metered_quantity(draft: Draft, item: Obj) -> int:
    """What the price's meter counted for the customer in the item's current period; 0 without a meter."""
    meter = draft.account.get("billing.meter", draft.price(item)["recurring"].get("meter") or "")
    if meter is None:
        return 0
    start, end = item["current_period_start"], item["current_period_end"]
    return int(aggregate(draft.account, meter, draft.sub["customer"], start, end))
