"""When nights start, and that each starts once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.db import connection as database
from hypothesis import given
from hypothesis import strategies as st

from connector.models import Connection
from sync.models import Night
from sync.schedule import JITTER, claim_due_nights, jitter_of, latest_due_date, next_start
from tests.factories import make_app, make_connection

BERLIN = ZoneInfo("Europe/Berlin")
NO_JITTER = timedelta(0)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (utc(2026, 1, 10, 0, 59), date(2026, 1, 9)),
        (utc(2026, 1, 10, 1, 0), date(2026, 1, 10)),  # 02:00 in winter
        (utc(2026, 7, 10, 0, 0), date(2026, 7, 10)),  # 02:00 in summer
    ],
)
def test_it_starts_at_the_apps_local_time(now: datetime, expected: date) -> None:
    assert latest_due_date(now, BERLIN, time(2, 0), NO_JITTER)[0] == expected


def test_it_starts_once_in_the_night_that_skips_the_hour() -> None:
    at = time(2, 30)  # does not exist on 2026-03-29 in Berlin
    day, start = latest_due_date(utc(2026, 3, 29, 6), BERLIN, at, NO_JITTER)
    assert (day, start) == (date(2026, 3, 29), utc(2026, 3, 29, 1, 30))


def test_it_starts_once_in_the_night_that_has_the_hour_twice() -> None:
    at = time(2, 30)  # comes twice on 2026-10-25 in Berlin
    day, start = latest_due_date(utc(2026, 10, 25, 1, 45), BERLIN, at, NO_JITTER)
    assert (day, start) == (date(2026, 10, 25), utc(2026, 10, 25, 0, 30))


@given(
    now=st.integers(0, 15 * 365 * 86_400).map(lambda second: utc(2020, 1, 1) + timedelta(seconds=second)),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia", "Australia/Lord_Howe"]),
    at=st.times(),
    minutes=st.integers(0, 15),
)
def test_it_always_finds_one_start_within_the_last_day_or_so(
    now: datetime, zone: str, at: time, minutes: int
) -> None:
    _, start = latest_due_date(now, ZoneInfo(zone), at, timedelta(minutes=minutes))
    assert start <= now
    assert now - start < timedelta(hours=49)


@pytest.fixture
def berlin_connection(db: None) -> Connection:
    connection = make_connection(app_id=make_app(timezone="Europe/Berlin").id)
    Connection.objects.filter(pk=connection.pk).update(created_at=utc(2026, 1, 1))
    connection.refresh_from_db()
    return connection


def test_it_claims_a_night_once(berlin_connection: Connection) -> None:
    now = utc(2026, 1, 10, 2)
    assert [night.local_date for night in claim_due_nights(now)] == [date(2026, 1, 10)]
    assert claim_due_nights(now) == []


def test_it_catches_up_missed_nights_once(berlin_connection: Connection) -> None:
    claim_due_nights(utc(2026, 1, 10, 2))
    Night.objects.update(step=Night.Step.FINISHED)
    assert [night.local_date for night in claim_due_nights(utc(2026, 1, 14, 12))] == [date(2026, 1, 14)]
    Night.objects.update(step=Night.Step.FINISHED)
    assert claim_due_nights(utc(2026, 1, 14, 13)) == []


CLOCKS_CHANGE = [
    # Where, the App's own time of the sync, and the days around a change of the clocks there.
    ("Europe/Berlin", time(2, 30), date(2026, 3, 28)),  # 02:30 does not exist on the 29th
    ("Europe/Berlin", time(2, 30), date(2026, 10, 24)),  # 02:30 comes twice on the 25th
    ("America/New_York", time(2), date(2026, 3, 7)),
    ("America/New_York", time(1, 30), date(2026, 10, 31)),
    ("Australia/Lord_Howe", time(2), date(2026, 4, 4)),  # by half an hour
    ("Africa/Cairo", time(0), date(2026, 4, 23)),  # at midnight
]


@pytest.mark.django_db
@pytest.mark.parametrize(("zone", "at", "first"), CLOCKS_CHANGE)
def test_it_opens_one_night_for_each_date_while_the_clocks_change(zone: str, at: time, first: date) -> None:
    connection = make_connection(app_id=make_app(timezone=zone).id, schedule_time=at)
    begin = datetime.combine(first, time(0), ZoneInfo(zone)).astimezone(UTC)
    Connection.objects.filter(pk=connection.pk).update(created_at=begin - timedelta(minutes=1))
    opened = []
    for tick in range(70 * 4):  # not quite three days, as one may miss an hour
        opened += [(tick, night.local_date) for night in claim_due_nights(begin + tick * timedelta(minutes=15))]
        Night.objects.update(step=Night.Step.FINISHED)
    days = [day for _, day in opened]
    assert days == [first + timedelta(days=number) for number in range(3)]
    hours_apart = [(later - sooner) / 4 for (sooner, _), (later, _) in pairwise(opened)]
    assert all(22.5 <= hours <= 25.5 for hours in hours_apart)


@pytest.mark.django_db(transaction=True)
def test_it_opens_a_night_once_however_many_processes_look_at_once() -> None:
    connection = make_connection(app_id=make_app(timezone="Europe/Berlin").id)
    Connection.objects.filter(pk=connection.pk).update(created_at=utc(2026, 1, 1))
    together = threading.Barrier(4)

    def claim() -> int:
        try:
            together.wait(20)
            return len(claim_due_nights(utc(2026, 1, 10, 2)))
        finally:
            database.close()

    with ThreadPoolExecutor(4) as pool:
        claimed = [future.result() for future in [pool.submit(claim) for _ in range(4)]]
    assert sorted(claimed) == [0, 0, 0, 1]
    assert Night.objects.count() == 1


def test_it_opens_no_night_beside_one_that_has_not_ended(berlin_connection: Connection) -> None:
    claim_due_nights(utc(2026, 1, 10, 2))
    assert claim_due_nights(utc(2026, 1, 11, 2)) == []


def test_it_leaves_inactive_connections_alone(berlin_connection: Connection) -> None:
    Connection.objects.update(status=Connection.Status.ERROR)
    assert claim_due_nights(utc(2026, 1, 10, 2)) == []


def test_it_does_not_run_last_night_for_a_connection_of_today(berlin_connection: Connection) -> None:
    Connection.objects.update(created_at=utc(2026, 1, 10, 12))
    assert claim_due_nights(utc(2026, 1, 10, 12, 5)) == []


def test_it_keeps_a_connections_jitter(berlin_connection: Connection) -> None:
    jitter = jitter_of(berlin_connection.pk)
    assert jitter == jitter_of(berlin_connection.pk)
    assert NO_JITTER <= jitter < JITTER


def test_it_tells_the_next_start(berlin_connection: Connection) -> None:
    expected = utc(2026, 1, 11, 1) + jitter_of(berlin_connection.pk)
    assert next_start(berlin_connection, utc(2026, 1, 10, 12)) == expected
