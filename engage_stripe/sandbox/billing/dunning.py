"""Retries of failed renewals and what happens when they are used up.

https://docs.stripe.com/billing/revenue-recovery/smart-retries: here a fixed schedule of three retries, 3, 5 and 7
days apart, which is Stripe's own default for custom schedules.
"""

from __future__ import annotations

from engage_stripe.sandbox.billing.periods import DAY
from engage_stripe.sandbox.collection import Obj

RETRY_DAYS = (3, 5, 7)


def plan_retry(invoice: Obj, now: int) -> None:
    """Set when a failed invoice is tried again; None after the last retry."""
    retries = invoice["attempt_count"] - 1
    wait = RETRY_DAYS[retries] if retries < len(RETRY_DAYS) else None
    invoice["next_payment_attempt"] = None if wait is None else now + wait * DAY


def is_exhausted(invoice: Obj) -> bool:
    """Whether the last retry has failed."""
    return bool(invoice["attempt_count"] > len(RETRY_DAYS))
