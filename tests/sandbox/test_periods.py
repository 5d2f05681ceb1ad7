"""Billing cycles: https://docs.stripe.com/billing/subscriptions/billing-cycle."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from engage_stripe.sandbox.billing.periods import DAY, add_interval, anchor_from_config, period_at

MOMENTS = st.integers(min_value=0, max_value=2_500_000_000)
INTERVALS = st.sampled_from(["day", "week", "month", "year"])


def at(text: str) -> int:
    """Epoch seconds of an ISO date-time in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def test_it_falls_back_to_the_last_day_and_returns_to_the_anchor_day() -> None:
    anchor = at("2026-01-31T10:00:00")
    assert add_interval(anchor, "month", 1) == at("2026-02-28T10:00:00")
    assert add_interval(anchor, "month", 2) == at("2026-03-31T10:00:00")
    assert add_interval(anchor, "month", 3) == at("2026-04-30T10:00:00")


def test_it_keeps_29_february_in_leap_years_only() -> None:
    anchor = at("2024-02-29T00:00:00")
    assert add_interval(anchor, "year", 1) == at("2025-02-28T00:00:00")
    assert add_interval(anchor, "year", 4) == at("2028-02-29T00:00:00")


def test_it_gives_the_boundary_to_the_next_period() -> None:
    """Inferred from https://docs.stripe.com/api/subscription_items/object: periods touch."""
    anchor = at("2026-01-31T00:00:00")
    boundary = at("2026-02-28T00:00:00")
    assert period_at(anchor, "month", 1, boundary - 1) == (anchor, boundary)
    assert period_at(anchor, "month", 1, boundary) == (boundary, at("2026-03-31T00:00:00"))


def test_it_counts_whole_multiples_of_the_interval() -> None:
    anchor = at("2026-01-01T00:00:00")
    assert period_at(anchor, "month", 3, at("2026-05-10T00:00:00")) == (
        at("2026-04-01T00:00:00"),
        at("2026-07-01T00:00:00"),
    )
    assert period_at(anchor, "week", 2, anchor + 15 * DAY) == (anchor + 14 * DAY, anchor + 28 * DAY)


@given(anchor=MOMENTS, interval=INTERVALS, count=st.integers(1, 12), moment=MOMENTS)
def test_it_finds_the_one_period_around_any_moment(anchor: int, interval: str, count: int, moment: int) -> None:
    start, end = period_at(anchor, interval, count, moment)
    assert start <= moment < end
    assert period_at(anchor, interval, count, end)[0] == end


def test_it_finds_the_next_day_of_month_of_an_anchor_config() -> None:
    """https://docs.stripe.com/api/subscriptions/create#create_subscription-billing_cycle_anchor_config."""
    config = {"day_of_month": 31, "hour": 9, "minute": None, "second": None, "month": None}
    assert anchor_from_config(config, at("2026-02-10T12:30:15")) == at("2026-02-28T09:30:15")
    assert anchor_from_config(config, at("2026-02-28T12:30:15")) == at("2026-03-31T09:30:15")
