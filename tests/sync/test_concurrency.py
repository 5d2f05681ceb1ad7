"""Two workers at once on real PostgreSQL: one stops at every point it can, the other runs into it."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection as database
from django.db import connections, transaction

from connector.models import Connection
from sync import events, inbox, observations, refresh_worker
from sync.models import Identity, RefreshRequest, StripeEvent, UserTraits
from sync.observations import apply_objects
from sync.projection import project_users
from tests.factories import make_connection
from tests.sync import stripe_shapes as shapes
from tests.sync.two_workers import POINTS, TwoWorkers

pytestmark = pytest.mark.django_db(transaction=True)

points = pytest.mark.parametrize("point", [name for _, name in POINTS])


@pytest.fixture
def connection() -> Connection:
    connection = make_connection()
    apply_objects(connection=connection, objects=[shapes.product()], rank=1, source={})
    return connection


def link(connection: Connection, user_id: str, **fields: str) -> None:
    Identity.objects.create(app_id=connection.app_id, user_id=user_id, **fields)


def store(connection: Connection, event_type: str, data: dict[str, Any], at: int) -> None:
    events.keep(connection_ids=[connection.id], event=shapes.event(event_type, data, created=at))


class _Worker(threading.Thread):
    """Keeps what its work raised, for the test to see."""

    def __init__(self, name: str, work: Callable[[], Any]) -> None:
        super().__init__(name=name, daemon=True)
        self._work = work
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001  shown by the test
            self.error = error
        finally:
            connections.close_all()


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[TwoWorkers]:
    both = TwoWorkers(monkeypatch)
    yield both
    both.close()


def take_one() -> int:
    return inbox.apply_batch(limit=1)


def run_second(work: Callable[[], Any]) -> _Worker:
    """Run work until it is done or waits for a lock that the first worker holds."""
    worker = _Worker("second", work)
    worker.start()
    pause = threading.Event()
    while worker.is_alive() and not _somebody_waits():
        pause.wait(0.005)
    return worker


def _somebody_waits() -> bool:
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock')"
        )
        return bool(cursor.fetchone()[0])


def finish(*workers: _Worker) -> None:
    for worker in workers:
        worker.join(60)
        assert not worker.is_alive()
        assert worker.error is None, repr(worker.error)
    inbox.drain()
    assert not StripeEvent.objects.exclude(state="applied").exists()


def status_of(user_id: str) -> str:
    return UserTraits.objects.get(user_id=user_id).subscription_status


@points
@pytest.mark.parametrize("newest_first", [True, False])
def test_it_keeps_the_newest_of_one_subscription(
    connection: Connection, workers: TwoWorkers, point: str, newest_first: bool
) -> None:
    link(connection, "ada", stripe_id="cus_1")
    moments = [(shapes.NOW, "past_due"), (shapes.NOW + 1, "active")]
    for at, status in reversed(moments) if newest_first else moments:
        store(connection, "customer.subscription.updated", shapes.subscription(status=status), at)
    assert workers.meet(take_one, take_one, at=point)
    finish()
    assert status_of("ada") == "active"


@points
@pytest.mark.parametrize("active_first", [True, False])
def test_it_shows_both_customers_of_one_user(
    connection: Connection, workers: TwoWorkers, point: str, active_first: bool
) -> None:
    """Each worker has one of two customers with the same email; neither sees what the other has not committed."""
    link(connection, "ada", email_address="ada@example.com")
    for customer in ("cus_1", "cus_2"):
        apply_objects(connection=connection, objects=[shapes.customer(id=customer)], rank=1, source={})
    canceled = shapes.subscription(id="sub_1", customer="cus_1", status="canceled")
    active = shapes.subscription(id="sub_2", customer="cus_2", status="active")
    for subscription in (active, canceled) if active_first else (canceled, active):
        store(connection, "customer.subscription.updated", subscription, shapes.NOW)
    assert workers.meet(take_one, take_one, at=point)
    finish()
    assert status_of("ada") == "active"


@points
def test_it_shows_what_changed_no_trait_when_it_was_written(
    connection: Connection, workers: TwoWorkers, point: str
) -> None:
    """The first worker's subscription is not shown until the second worker's ends: no row was changed, only locked."""
    link(connection, "ada", email_address="ada@example.com")
    shown, other = ({"id": f"sub_{n}", "customer": f"cus_{n}", "created": shapes.NOW - n} for n in (1, 2))
    known = [shapes.customer(id="cus_1"), shapes.customer(id="cus_2"), shapes.subscription(**shown),
             shapes.subscription(**other, status="past_due")]  # fmt: skip
    apply_objects(connection=connection, objects=known, rank=1, source={})
    store(connection, "customer.subscription.updated", shapes.subscription(**other), shapes.NOW)
    ended = shapes.subscription(**shown, status="canceled")
    store(connection, "customer.subscription.deleted", ended, shapes.NOW)
    assert workers.meet(take_one, take_one, at=point)
    finish()
    assert status_of("ada") == "active"


@points
@pytest.mark.parametrize("fields", [{"stripe_id": "cus_1"}, {"email_address": "ada@example.com"}])
def test_it_reaches_a_user_who_is_linked_meanwhile(
    connection: Connection, workers: TwoWorkers, point: str, fields: dict[str, str]
) -> None:
    store(connection, "customer.created", shapes.customer(), shapes.NOW)
    store(connection, "customer.subscription.created", shapes.subscription(), shapes.NOW)

    def import_identity() -> None:
        with transaction.atomic():
            link(connection, "ada", **fields)
            project_users(app_id=connection.app_id, user_ids=["ada"], source={"run": "1"})

    assert workers.meet(inbox.apply_batch, import_identity, at=point)
    finish()
    assert status_of("ada") == "active"


def test_it_shares_a_full_inbox_without_deadlock(connection: Connection) -> None:
    """Many workers, few customers, batches that overlap in every order."""
    link(connection, "ada", stripe_id="cus_0")
    for number in range(240):
        customer = f"cus_{number * 7 % 12}"
        data = shapes.subscription(id=f"sub_{customer}", customer=customer, quantity=number)
        store(connection, "customer.subscription.updated", data, shapes.NOW + number)
        store(connection, "customer.updated", shapes.customer(id=f"cus_{number * 5 % 12}"), shapes.NOW + number)
    workers = [_Worker(f"worker {n}", lambda: inbox.drain(batch=16)) for n in range(6)]
    for worker in workers:
        worker.start()
    finish(*workers)
    assert StripeEvent.objects.filter(state="applied", attempts=0).count() == 480


def test_it_holds_no_locks_between_the_halves_of_a_failed_batch(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that looks for a poisoned event takes locks in the order of the halves, not of the customers."""
    read, lock = inbox.read_event, observations.lock_customers
    at_second_half, go_on = threading.Event(), threading.Event()

    def fail(event: dict[str, Any]) -> Any:
        if event["type"] == "customer.created":
            raise LookupError("poisoned")
        return read(event)

    def stop(keys: Any, **kwargs: Any) -> Any:
        alone = {customer for _, customer in keys} == {"cus_a"}
        if threading.current_thread().name == "first" and alone:
            at_second_half.set()
            assert go_on.wait(60)
        return lock(keys, **kwargs)

    monkeypatch.setattr(inbox, "read_event", fail)
    monkeypatch.setattr(observations, "lock_customers", stop)
    for event_type, customer in (("customer.updated", "cus_b"), ("customer.created", "cus_p"),
                                 ("customer.updated", "cus_a")):  # fmt: skip
        store(connection, event_type, shapes.customer(id=customer), shapes.NOW)
    first = _Worker("first", lambda: inbox.apply_batch(limit=3))
    first.start()
    assert at_second_half.wait(60)
    for customer in ("cus_a", "cus_b"):
        store(connection, "customer.updated", shapes.customer(id=customer, delinquent=True), shapes.NOW + 1)
    second = run_second(lambda: inbox.apply_batch(limit=2))
    go_on.set()
    for worker in (first, second):
        worker.join(60)
        assert worker.error is None, repr(worker.error)
    inbox.drain()
    assert StripeEvent.objects.filter(state="applied").count() == 4


@points
def test_it_takes_the_card_away_that_is_attached_meanwhile(
    connection: Connection, workers: TwoWorkers, point: str
) -> None:
    """A detached card names no customer any more; whoever shows it must still be found, committed or not."""
    link(connection, "ada", stripe_id="cus_1")
    customer = shapes.customer(invoice_settings={"default_payment_method": "pm_1"})
    apply_objects(connection=connection, objects=[customer, shapes.subscription()], rank=1, source={})
    store(connection, "payment_method.attached", shapes.payment_method(), shapes.NOW)
    detached = shapes.event(
        "payment_method.detached",
        shapes.payment_method(customer=None),
        created=shapes.NOW + 1,
        previous_attributes={"customer": "cus_1"},
    )
    events.keep(connection_ids=[connection.id], event=detached)
    assert workers.meet(take_one, take_one, at=point)
    finish()
    assert UserTraits.objects.get(user_id="ada").payment_card_brand is None


@points
def test_it_shows_the_new_name_of_a_plan_that_is_taken_meanwhile(
    connection: Connection, workers: TwoWorkers, point: str
) -> None:
    """Whoever is projecting reads the former name, and who renames does not see the subscription."""
    link(connection, "ada", stripe_id="cus_1")
    apply_objects(connection=connection, objects=[shapes.customer()], rank=1, source={})
    store(connection, "customer.subscription.created", shapes.subscription(), shapes.NOW)

    def rename() -> None:
        store(connection, "product.updated", shapes.product(name="Gold"), shapes.NOW)
        inbox.apply_batch(limit=1)
        work_off_at_once()

    assert workers.meet(take_one, rename, at=point)
    finish()
    work_off_at_once()
    assert UserTraits.objects.get(user_id="ada").subscription_plan == "Gold"


def work_off_at_once() -> None:
    RefreshRequest.objects.update(not_before="2020-01-01T00:00Z")
    refresh_worker.work_off()
