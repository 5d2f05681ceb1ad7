"""A turn of the inbox: several threads for a backlog, a pause for a trickle."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections

from connector.models import Connection
from sync import draining, events, inbox
from sync.models import Identity, StripeEvent, UserTraits
from tests.factories import make_connection
from tests.sync import stripe_shapes as shapes

pytestmark = pytest.mark.django_db(transaction=True)

BATCH = 2
PATIENCE = 60


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Batches of two, and the thread that took each. After a full one the task's waits for a helper's first."""
    taken_by: list[str] = []
    was_full, helped = threading.Event(), threading.Event()

    def apply_two(apply_batch: Any = inbox.apply_batch) -> int:
        helper = threading.current_thread() is not threading.main_thread()
        if was_full.is_set() and not helper:
            assert helped.wait(PATIENCE)
        taken: int = apply_batch(limit=BATCH)
        if taken:
            taken_by.append("helper" if helper else "task")
        if taken == BATCH:
            was_full.set()
        if helper:
            helped.set()
        return taken

    monkeypatch.setattr(inbox, "BATCH", BATCH)
    monkeypatch.setattr(inbox, "apply_batch", apply_two)
    monkeypatch.setattr(draining, "GATHER_SECONDS", 0)
    yield taken_by
    together = threading.Barrier(draining.HELPERS)

    def close() -> None:
        together.wait(PATIENCE)
        connections.close_all()

    for closed in [draining._helpers.submit(close) for _ in range(draining.HELPERS)]:
        closed.result()


def store_subscriptions(connection: Connection, count: int) -> None:
    for n in range(count):
        Identity.objects.create(app_id=connection.app_id, user_id=f"user {n}", stripe_id=f"cus_{n}")
        subscription = shapes.subscription(id=f"sub_{n}", customer=f"cus_{n}")
        event = shapes.event("customer.subscription.updated", subscription)
        events.keep(connection_ids=[connection.id], event=event)


def test_it_works_off_a_backlog_with_several_threads(threads: list[str]) -> None:
    connection = make_connection()
    store_subscriptions(connection, 8)

    assert draining.drain_for_a_turn() is False

    assert set(threads) == {"task", "helper"}
    assert set(StripeEvent.objects.values_list("state", flat=True)) == {"applied"}
    traits = UserTraits.objects.filter(app_id=connection.app_id)
    assert [one.subscription_status for one in traits] == ["active"] * 8


def test_it_says_that_more_waits_after_a_turn(threads: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draining, "TURN", 1)
    store_subscriptions(make_connection(), (2 + draining.HELPERS) * BATCH)

    assert draining.drain_for_a_turn() is True

    assert sorted(threads) == ["helper"] * draining.HELPERS + ["task"]
    assert StripeEvent.objects.filter(state="received").count() == BATCH


def test_it_fails_where_a_helper_fails(threads: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ConnectionError

    monkeypatch.setattr(draining, "_help", fail)
    monkeypatch.setattr(draining, "TURN", 1)
    store_subscriptions(make_connection(), BATCH)
    with pytest.raises(ConnectionError):
        draining.drain_for_a_turn()


def test_it_keeps_one_thread_for_a_trickle(threads: list[str]) -> None:
    store_subscriptions(make_connection(), 1)
    assert draining.drain_for_a_turn() is False
    assert threads == ["task"]
