"""How current a connection's traits are, on pages and in metrics."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from connector.host import Role
from connector.models import Connection
from sync import inbox
from sync.freshness import read_freshness
from sync.models import RefreshRequest, StripeEvent
from sync.refresh_queue import request_refresh
from sync.replay import put_back
from sync.templatetags.freshness_display import duration
from tests.factories import make_app, make_connection
from tests.sync import stripe_shapes as shapes
from tests.sync.webhook_requests import deliver

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection() -> Connection:
    return make_connection()


def ago(**ages: Any) -> datetime:
    return timezone.now() - timedelta(**ages)


def hear(connection: Connection, *ages: timedelta) -> None:
    """Events that were created, received and ignored that long ago."""
    for number, age in enumerate(ages):
        at = timezone.now() - age
        event = StripeEvent.objects.create(
            connection=connection, event_id=f"evt_{number}", type="customer.updated", created=at, livemode=False,
            state="ignored",
        )  # fmt: skip
        StripeEvent.objects.filter(id=event.id).update(received_at=at)


def test_it_has_no_events_yet(connection: Connection) -> None:
    assert read_freshness(connection).badge == ("warning", "No events yet")


def test_it_measures_what_waits_failed_and_was_slow(connection: Connection) -> None:
    deliver(connection, *(shapes.event("customer.created", shapes.customer(id=f"cus_{n}")) for n in range(3)))
    inbox.apply_batch(limit=2)
    StripeEvent.objects.filter(connection=connection, state="received").update(state="failed")
    deliver(connection, shapes.event("customer.created", shapes.customer()))
    request_refresh(connection_id=connection.id, stripe_id="cus_9", reason="test")

    found = read_freshness(connection)

    assert (found.backlog, found.failed, found.refreshes) == (1, 1, 1)
    assert found.lag_p50 is not None
    assert found.lag_p99 is not None
    assert 0 <= found.lag_p50 <= found.lag_p99
    assert found.badge == ("success", "Live")


def test_it_counts_the_time_that_waiting_events_have_waited(connection: Connection) -> None:
    deliver(connection, shapes.event("customer.created", shapes.customer()))
    inbox.drain()
    deliver(connection, *(shapes.event("customer.created", shapes.customer(id=f"cus_{n}")) for n in range(9)))
    StripeEvent.objects.filter(connection=connection, state="received").update(received_at=ago(minutes=20))
    found = read_freshness(connection)
    assert (found.backlog, found.is_behind, found.badge) == (9, True, ("warning", "Behind"))
    assert found.lag_p50 is not None
    assert found.lag_p50 >= 1_200


def test_it_does_not_take_a_replay_for_lag(connection: Connection) -> None:
    deliver(connection, shapes.event("customer.created", shapes.customer()))
    inbox.drain()
    mine = StripeEvent.objects.filter(connection=connection)
    mine.update(received_at=ago(hours=20), applied_at=ago(hours=20, seconds=-2))
    put_back(mine)
    inbox.drain()
    assert mine.get().state == "applied"
    assert read_freshness(connection).lag_p99 == pytest.approx(2, abs=0.1)


def test_it_shows_no_lag_of_long_ago(connection: Connection) -> None:
    hear(connection, timedelta(days=2))
    StripeEvent.objects.filter(connection=connection).update(state="applied", applied_at=timezone.now())
    assert read_freshness(connection).lag_p50 is None


DAYTIME = [timedelta(days=day, hours=hour) for day in range(10) for hour in range(14)]
"""Back from now: an event in each of fourteen hours, then silence for ten."""


@pytest.mark.parametrize(
    ("rhythm", "silent_for", "live"),
    [
        ([timedelta(minutes=10 * n) for n in range(300)], timedelta(hours=3), False),
        (DAYTIME, timedelta(hours=12), True),
        (DAYTIME, timedelta(hours=30), False),
        ([timedelta(days=2.5 * n) for n in range(9)], timedelta(days=3), True),
        ([timedelta(days=2.5 * n) for n in range(9)], timedelta(days=6), False),
        ([*DAYTIME, timedelta(days=18)], timedelta(hours=30), False),
        ([timedelta(0)], timedelta(hours=20), True),
        ([timedelta(0)], timedelta(hours=30), False),
        ([timedelta(days=20 * n) for n in range(4)], timedelta(days=8), False),
    ],
    ids=["busy", "night", "more than a night", "quiet", "too quiet", "one outage excuses no other", "unknown",
         "unknown for too long", "never longer than a week"],
)  # fmt: skip
def test_it_expects_the_next_event_by_the_account_s_own_rhythm(
    connection: Connection, rhythm: list[timedelta], silent_for: timedelta, live: bool
) -> None:
    hear(connection, *(silent_for + age for age in rhythm))
    found = read_freshness(connection)
    assert found.is_live == live
    assert (found.badge == ("success", "Live")) == live
    assert live or found.badge[1].startswith("No events since ")


PAGE = "/settings/actions/stripe/?mode=test"


def test_it_turns_the_badge_of_the_page_when_silence_is_too_long() -> None:
    tenant = make_app()
    connection = make_connection(app_id=tenant.id)
    client = tenant.client()
    assert "No events yet" in client.get(PAGE).content.decode()

    deliver(connection, *(shapes.event("customer.created", shapes.customer(id=f"cus_{n}")) for n in range(4)))
    inbox.drain()
    page = client.get(PAGE).content.decode()
    assert page.count(">Live</span>") == 2  # in the table of signs and on the card
    assert "is the median" in page

    heard = timezone.now() - timedelta(hours=30)
    StripeEvent.objects.filter(connection=connection).update(received_at=heard)
    page = client.get(PAGE).content.decode()
    assert f"No events since {heard:%-d %b %Y, %H:%M} UTC" in page
    assert ">Live</span>" not in page
    assert "Arriving" not in page


def test_it_shows_what_waits_failed_and_is_in_doubt() -> None:
    tenant = make_app()
    connection = make_connection(app_id=tenant.id)
    deliver(connection, *(shapes.event("customer.created", shapes.customer(id=f"cus_{n}")) for n in range(3)))
    parked = StripeEvent.objects.filter(connection=connection).earliest("id")
    StripeEvent.objects.filter(id=parked.id).update(state="failed", error="KeyError: 'x'")
    request_refresh(connection_id=connection.id, stripe_id="cus_9", reason="test")
    RefreshRequest.objects.filter(connection=connection).update(error="The key was refused.")

    card = tenant.client().get(card_of(connection)).content.decode()

    assert "<html" not in card
    assert "KeyError: &#x27;x&#x27;" in card
    assert parked.event_id in card
    assert "1 could not be read yet" in card
    assert "the oldest since" in card


def card_of(connection: Connection) -> str:
    return reverse("stripe_sync:freshness", kwargs={"connection_id": connection.id})


@pytest.mark.parametrize("role", [Role.APP_MEMBER, Role.READ_ONLY])
def test_it_is_for_admins(role: Role) -> None:
    tenant = make_app()
    connection = make_connection(app_id=tenant.id)
    assert tenant.client(role).get(card_of(connection)).status_code == 403


def test_it_shows_nothing_of_another_app() -> None:
    tenant, connection = make_app(), make_connection(app_id=make_app().id)
    deliver(connection, shapes.event("customer.created", shapes.customer()))
    assert tenant.client().get(card_of(connection)).status_code == 404
    own = make_connection(app_id=tenant.id)
    assert (read_freshness(own).backlog, read_freshness(own).received_at) == (0, None)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "—"), (0.183, "0.18 s"), (42, "42 s"), (600, "10 min"), (timedelta(hours=5), "5 h"),
     (timedelta(days=7), "7 days")],
)  # fmt: skip
def test_it_words_durations(seconds: float | timedelta | None, text: str) -> None:
    assert duration(seconds).replace("\xa0", " ") == text


def test_it_is_in_the_metrics(connection: Connection) -> None:
    """Whichever process did the work: all of it is read from the database."""
    deliver(connection, *(shapes.event("customer.created", shapes.customer(id=f"cus_{n}")) for n in range(2)))
    inbox.apply_batch(limit=1)
    metrics = Client().get("/metrics").content.decode()
    labels = f'{{app="{connection.app_id}",connection="{connection.id}",mode="test"}}'
    for name in ("newest_event_age_seconds", "oldest_waiting_seconds", "lag_p50_seconds", "lag_p95_seconds",
                 "lag_p99_seconds"):  # fmt: skip
        assert f"stripe_sync_{name}{labels} " in metrics
    for name, value in (("backlog", 1), ("live", 1), ("failed", 0), ("refreshes", 0), ("refreshes_stuck", 0)):
        assert f"stripe_sync_{name}{labels} {value}.0" in metrics
    assert 'stripe_sync_webhooks_total{outcome="stored"}' in metrics
