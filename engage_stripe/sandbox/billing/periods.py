"""Billing periods: where a cycle that is anchored at one moment starts and ends.

Times are epoch seconds, UTC. A monthly or yearly cycle keeps the anchor's day of the month and falls back to
the month's last day where that day does not exist: 31 January, 28 February, 31 March.
https://docs.stripe.com/billing/subscriptions/billing-cycle
"""

import calendar
from datetime import UTC, datetime, timedelta

DAY = 86_400
_FIXED = {"day": DAY, "week": 7 * DAY}
_MONTHS = {"month": 1, "year": 12}
_APPROXIMATE = {"day": DAY, "week": 7 * DAY, "month": 30.44 * DAY, "year": 365.25 * DAY}


def add_interval(anchor: int, interval: str, count: int) -> int:
    """The moment `count` intervals (`day`, `week`, `month`, `year`; may be negative) after `anchor`."""
    if interval in _FIXED:
        return anchor + count * _FIXED[interval]
    start = datetime.fromtimestamp(anchor, UTC)
    months = start.year * 12 + start.month - 1 + count * _MONTHS[interval]
    year, month = divmod(months, 12)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return int(start.replace(year=year, month=month + 1, day=day).timestamp())


def period_at(anchor: int, interval: str, interval_count: int, at: int) -> tuple[int, int]:
    """The (start, end) of the period that holds `at`; its start belongs to it, its end to the next one."""
    steps = int((at - anchor) / (_APPROXIMATE[interval] * interval_count))
    while add_interval(anchor, interval, steps * interval_count) > at:
        steps -= 1
    while add_interval(anchor, interval, (steps + 1) * interval_count) <= at:
        steps += 1
    return (
        add_interval(anchor, interval, steps * interval_count),
        add_interval(anchor, interval, (steps + 1) * interval_count),
    )


def anchor_from_config(config: dict[str, int | None], after: int) -> int:
    """The first moment not before `after` that a `billing_cycle_anchor_config` names.

    https://docs.stripe.com/api/subscriptions/create#create_subscription-billing_cycle_anchor_config
    """
    now = datetime.fromtimestamp(after, UTC)
    wanted_day = config["day_of_month"] or 1
    hour, minute, second = (config.get(part) for part in ("hour", "minute", "second"))
    moment = now.replace(
        day=1,
        hour=now.hour if hour is None else hour,
        minute=now.minute if minute is None else minute,
        second=now.second if second is None else second,
    )
    while True:
        last = calendar.monthrange(moment.year, moment.month)[1]
        candidate = moment.replace(day=min(wanted_day, last))
        month_fits = config.get("month") in (None, candidate.month)
        if month_fits and candidate >= now:
            return int(candidate.timestamp())
        moment = (moment.replace(day=28) + timedelta(days=4)).replace(day=1)
