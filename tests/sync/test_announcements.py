"""What leaves this app: the signal, nudges, replays, and what is forgotten."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

import sync.nudge
from connector.models import Connection
from sync import draining, inbox, tasks
from sync.models import Identity, IdentitySource, RowError, StripeEvent, SyncRun, TraitHistory
from sync.nudge import REMEMBERED_SECONDS, nudge, nudge_is_answered
from sync.observations import apply_objects
from sync.projection import TraitChange
from sync.signals import user_traits_changed
from sync.tasks import drain_inbox, forget_old_task, work_off_refreshes
from tests.factories import make_connection
from tests.sync import stripe_shapes as shapes
from tests.sync.webhook_requests import deliver

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection() -> Connection:
    connection = make_connection()
    Identity.objects.create(app_id=connection.app_id, user_id="ada", stripe_id="cus_1")
    return connection


@pytest.fixture(autouse=True)
def flag(monkeypatch: pytest.MonkeyPatch) -> str:
    """A flag of the test's own; other tests nudge at the same Redis."""
    name = f"drain-of-{uuid.uuid4()}"
    monkeypatch.setattr(sync.nudge, "_FLAG", name)
    return name


@pytest.fixture
def heard() -> Iterator[list[TraitChange]]:
    changes: list[TraitChange] = []

    def listen(changes: list[TraitChange], **_: object) -> None:
        received.extend(changes)

    received = changes
    user_traits_changed.connect(listen)
    yield changes
    user_traits_changed.disconnect(listen)


def test_it_announces_each_change_once_and_only_after_commit(
    connection: Connection, heard: list[TraitChange], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(2):
            apply_objects(connection=connection, objects=[shapes.subscription()], rank=5, source={})
        assert heard == []
    statuses = [change for change in heard if change.trait == "subscription_status"]
    assert [(change.user_id, change.before, change.after) for change in statuses] == [("ada", "NONE", "active")]


def test_it_announces_nothing_that_was_rolled_back(
    connection: Connection, heard: list[TraitChange], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        apply_objects(connection=connection, objects=[shapes.subscription()], rank=5, source={})
        transaction.set_rollback(True)
    assert heard == []


def test_it_nudges_once_until_a_drain_ends(connection: Connection, flag: str) -> None:
    nudge_is_answered()
    nudge()
    assert cache.add(flag, 1) is False
    drain_inbox()
    assert cache.add(flag, 1) is True
    nudge_is_answered()


def test_it_applies_what_comes_while_a_drain_ends(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the drain's last look, and before its nudge counts as answered: nobody else will be told of the event."""
    answered = tasks.nudge_is_answered

    def hear_an_event_first() -> None:
        deliver(connection, shapes.event("customer.created", shapes.customer()))
        nudge()
        answered()

    nudge()
    monkeypatch.setattr(tasks, "nudge_is_answered", hear_an_event_first)
    drain_inbox()
    assert StripeEvent.objects.get(connection=connection).state == "applied"
    answered()


def test_it_applies_what_a_process_kept_to_itself(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """A web process that has just heard of a drain tells nobody of its next event, though the drain has ended."""

    def hear_an_event(seconds: float) -> None:
        assert seconds >= REMEMBERED_SECONDS
        deliver(connection, shapes.event("customer.created", shapes.customer()))

    monkeypatch.setattr(tasks.time, "sleep", hear_an_event)
    drain_inbox()
    assert StripeEvent.objects.get(connection=connection).state == "applied"


def test_it_asks_redis_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    nudge_is_answered()
    monkeypatch.setattr(cache, "add", lambda *_, **__: asked.append(None))
    now = [100.0]
    monkeypatch.setattr(sync.nudge.time, "monotonic", lambda: now[0])
    nudge()
    nudge()
    assert len(asked) == 1
    now[0] += REMEMBERED_SECONDS
    nudge()
    assert len(asked) == 2
    nudge_is_answered()


def test_it_gives_the_worker_back_after_a_turn(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clicks and nights have their turn however many events wait."""
    sent: list[None] = []
    apply_one = inbox.apply_batch
    monkeypatch.setattr(inbox, "apply_batch", lambda: apply_one(limit=1))
    monkeypatch.setattr(inbox, "BATCH", 1)
    monkeypatch.setattr(draining, "_help", lambda: True)
    monkeypatch.setattr(tasks, "send_drain", lambda: sent.append(None))
    waiting = draining.TURN + 1
    deliver(
        connection, *(shapes.event("customer.created", shapes.customer(id=f"cus_{n}")) for n in range(waiting))
    )
    drain_inbox()
    assert StripeEvent.objects.filter(state="received").count() == 1
    assert sent == [None]
    drain_inbox()
    assert not StripeEvent.objects.filter(state="received").exists()
    assert sent == [None]


def test_it_stores_events_while_redis_is_away(
    connection: Connection, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1"}
    }
    with django_capture_on_commit_callbacks(execute=True):
        assert deliver(connection, shapes.event("customer.created", shapes.customer())) == ["stored"]


def test_it_works_off_refreshes_by_its_task(connection: Connection) -> None:
    work_off_refreshes()


def test_it_replays_by_state(connection: Connection, capsys: pytest.CaptureFixture[str]) -> None:
    event = shapes.event("customer.subscription.created", shapes.subscription())
    deliver(connection, event)
    StripeEvent.objects.filter(event_id=event["id"]).update(state="failed", attempts=8, error="was broken")

    call_command("replay_events", state=["failed"], app=connection.app_id, dry_run=True, json=True)
    assert '"found": 1' in capsys.readouterr().out
    assert StripeEvent.objects.get(event_id=event["id"]).state == "failed"

    call_command("replay_events", id=[event["id"]], json=True)
    assert '"applied": 1' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"id": ["evt_b"]}, ["evt_b"]),
        ({"type": ["customer.updated"]}, ["evt_b", "evt_c"]),
        ({"since": "2026-01-02"}, ["evt_b", "evt_c"]),
        ({"until": "2026-01-02T00:00"}, ["evt_a"]),
        ({"state": ["applied"], "since": "2026-01-03T00:00Z"}, ["evt_c"]),
        ({"state": ["ignored"]}, []),
    ],
)
def test_it_replays_by_id_type_and_time_of_one_app(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, filters: dict[str, Any], found: list[str]
) -> None:
    others = make_connection()
    for number, name in enumerate("abc"):
        kind = "customer.created" if name == "a" else "customer.updated"
        created = int(datetime(2026, 1, 1 + number, tzinfo=UTC).timestamp())
        for one in (connection, others):
            deliver(one, shapes.event(kind, shapes.customer(), id=f"evt_{name}", created=created))
    inbox.drain()
    replayed: list[str] = []
    read = inbox.read_event
    monkeypatch.setattr(inbox, "read_event", lambda event: [replayed.append(event["id"]), read(event)][1])
    arguments = [f"--{name}={value}" for name, values in filters.items()
                 for value in (values if isinstance(values, list) else [values])]  # fmt: skip

    call_command("replay_events", f"--app={connection.app_id}", "--dry-run", *arguments)
    assert replayed == []
    call_command("replay_events", f"--app={connection.app_id}", *arguments)
    assert replayed == found


def test_it_wants_to_know_which_events_to_replay() -> None:
    with pytest.raises(CommandError, match="Say which"):
        call_command("replay_events")


def test_it_forgets_old_payloads_and_history_but_no_event_id(connection: Connection) -> None:
    event = shapes.event("customer.subscription.created", shapes.subscription())
    deliver(connection, event)
    inbox.drain()
    StripeEvent.objects.update(received_at=timezone.now() - timedelta(days=31))
    TraitHistory.objects.update(at=timezone.now() - timedelta(days=91))

    forget_old_task()

    assert StripeEvent.objects.get(event_id=event["id"]).payload is None
    assert not TraitHistory.objects.filter(app_id=connection.app_id).exists()
    assert deliver(connection, event) == ["duplicate"]


def test_it_forgets_old_runs_but_not_which_files_were_had(connection: Connection) -> None:
    def ended(kind: str, days: int, **fields: Any) -> SyncRun:
        at = timezone.now() - timedelta(days=days)
        mine: dict[str, Any] = {
            "app_id": connection.app_id,
            "connection": connection,
            "kind": kind,
            "state": "done",
        }
        run = SyncRun.objects.create(**mine, finished_at=at, **fields)
        RowError.objects.create(run=run, line=1, code="no_link", message="")
        return run

    source = IdentitySource.objects.create(app_id=connection.app_id, connection=connection, url="s3://b/f")
    kept = [
        ended("catalogue", 6),
        ended("reconciliation", 89),
        ended("identities", 91, identity_source=source, fingerprint="f"),
        SyncRun.objects.create(app_id=connection.app_id, connection=connection, kind="catalogue"),
    ]
    for kind, days in (("catalogue", 8), ("reconciliation", 91), ("identities", 91)):
        ended(kind, days)

    forget_old_task()

    assert set(SyncRun.objects.filter(app_id=connection.app_id)) == set(kept)
    assert set(RowError.objects.values_list("run", flat=True)) == {run.pk for run in kept[:2]}
