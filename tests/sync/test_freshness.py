"""How current a connection's traits are, on pages and in metrics."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from connector.models import Connection
from sync import inbox
from sync.freshness import read_freshness
from sync.models import StripeEvent
from sync.refresh_queue import request_refresh
from tests.factories import make_connection
from tests.sync import stripe_shapes as shapes
from tests.sync.webhook_requests import deliver

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection() -> Connection:
    return make_connection()


def hear(connection: Connection, *ages: timedelta) -> None:
    """Events that were created and received that long ago."""
    for number, age in enumerate(ages):
        at = timezone.now() - age
        event = StripeEvent.objects.create(
            connection=connection, event_id=f"evt_{number}", type="customer.updated", created=at, livemode=False
        )
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


def test_it_expects_the_next_event_by_the_account_s_own_rhythm(connection: Connection) -> None:
    busy, quiet = connection, make_connection()
    hear(busy, *(timedelta(hours=5, minutes=n) for n in range(20)))
    hear(quiet, *(timedelta(hours=5 + 12 * n) for n in range(20)))
    assert read_freshness(busy).badge[1].startswith("No events since ")
    assert read_freshness(quiet).badge == ("success", "Live")


def test_it_never_waits_longer_than_a_week(connection: Connection) -> None:
    hear(connection, timedelta(days=8), timedelta(days=90))
    assert not read_freshness(connection).is_live


def test_it_is_in_the_metrics(connection: Connection) -> None:
    deliver(connection, shapes.event("customer.created", shapes.customer()))
    metrics = Client().get("/metrics").content.decode()
    labels = f'{{app="{connection.app_id}",connection="{connection.id}",mode="test"}}'
    assert f"stripe_sync_backlog{labels} 1.0" in metrics
    assert f"stripe_sync_live{labels} 1.0" in metrics
    assert 'stripe_sync_webhooks_total{outcome="stored"}' in metrics
