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


def later_renewal(anchor: int, interval: str, interval_count: int, renewal: int, skipped: int) -> int:
    """The renewal that comes ``skipped`` ones after the one at ``renewal`` (epoch seconds).

    Renewals count from the ``anchor``: after 31 January and 28 February comes 31 March. One that the anchor does not
    explain, such as a period that was cut short, is counted from itself.
    """
    passed = _intervals_between(anchor, renewal, interval) // interval_count
    if add_intervals(anchor, interval, passed * interval_count) != renewal:
        return add_intervals(renewal, interval, skipped * interval_count)
    return add_intervals(anchor, interval, (passed + skipped) * interval_count)


def _intervals_between(start: int, end: int, interval: str) -> int:
    if interval in {"day", "week"}:
        return (end - start) // (604_800 if interval == "week" else 86_400)
    first, last = datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC)
    months = 12 * (last.year - first.year) + last.month - first.month
    return months // 12 if interval == "year" else months
