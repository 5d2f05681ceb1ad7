"""Billing dates: https://docs.stripe.com/billing/subscriptions/billing-cycle"""

from calendar import monthrange
from datetime import UTC, datetime, timedelta


def add_intervals(moment: int, interval: str, count: int) -> int:
    """``moment`` (epoch seconds) plus ``count`` of ``day``, ``week``, ``month`` or ``year``; a day that a
    month lacks becomes its last.
    """
    start = datetime.fromtimestamp(moment, UTC)
    if interval in {"day", "week"}:
        return int((start + timedelta(days=count * (7 if interval == "week" else 1))).timestamp())
    months = start.month - 1 + count * (12 if interval == "year" else 1)
    year, month = start.year + months // 12, months % 12 + 1
    day = min(start.day, monthrange(year, month)[1])
    return int(start.replace(year=year, month=month, day=day).timestamp())
