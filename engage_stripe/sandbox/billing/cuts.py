"""Periods that a planned end cuts short.

A `cancel_at` inside an item's period credits the rest of it; taking it back debits the rest again.
https://docs.stripe.com/api/subscriptions/update#update_subscription-cancel_at
"""

from __future__ import annotations

from engage_stripe.sandbox.billing.charges import credit_unused, debit_remaining
from engage_stripe.sandbox.billing.draft import Draft


def cut_periods(draft: Draft, *, prorate: bool) -> None:
    """End each item's period at `cancel_at` where that comes first, else where it would end by itself."""
    if draft.sub["status"] not in ("active", "past_due", "unpaid"):
        return
    at = draft.sub["cancel_at"]
    for item in draft.items:
        end, whole = item["current_period_end"], item["_whole_end"] or item["current_period_end"]
        wanted = whole if at is None else min(at, whole)
        if wanted < end and prorate:
            credit_unused(draft, item, wanted)
        item["current_period_end"] = wanted
        item["_whole_end"] = whole if wanted < whole else None
        if wanted > end and prorate:
            debit_remaining(draft, [item], end)
