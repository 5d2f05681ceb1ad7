"""Locks of rows, some of which are missing: held in one order, also while the missing ones are made."""

import threading
from collections.abc import Callable, Iterator

import pytest
from django.db import connection as database
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from sync.customer_locks import lock_customers
from sync.models import Customer, Identity, UserTraits
from sync.projection import project_customers
from tests.factories import make_app, make_connection
from tests.sync.waiting import wait_until_it_waits

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def other() -> Iterator[BaseDatabaseWrapper]:
    """Another session, in a transaction that the test ends."""
    session = database.copy()
    session.set_autocommit(False)
    yield session
    session.rollback()
    session.close()


class InTransaction(threading.Thread):
    """Does it in a transaction of its own."""

    def __init__(self, work: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self._work = work

    def run(self) -> None:
        try:
            with transaction.atomic():
                self._work()
        finally:
            connections.close_all()


def test_it_holds_no_customer_while_it_waits_for_a_new_one(other: BaseDatabaseWrapper) -> None:
    connection = make_connection(app_id=make_app().id)
    Customer.objects.create(connection=connection, stripe_id="cus_known", rank=1, email="ada@example.com")
    known, new = (str(connection.id), "cus_known"), (str(connection.id), "cus_new")
    locked: dict[tuple[str, str], str | None] = {}
    insert = """
        INSERT INTO stripe_sync_customer (connection_id, stripe_id, rank, deleted) VALUES (%s, 'cus_new', 0, false)
    """
    with other.cursor() as cursor:
        cursor.execute(insert, [connection.id])
        locking = InTransaction(lambda: locked.update(lock_customers([known, new], app_ids=[])))
        locking.start()
        wait_until_it_waits(locking, lock="transactionid")

        cursor.execute("SELECT email FROM stripe_sync_customer WHERE stripe_id = 'cus_known' FOR UPDATE NOWAIT")
        assert cursor.fetchone() == ("ada@example.com",)

    other.commit()
    locking.join(60)
    assert locked == {known: "ada@example.com", new: None}


def test_it_holds_no_user_while_it_waits_for_a_new_one(other: BaseDatabaseWrapper) -> None:
    connection = make_connection(app_id=make_app().id)
    Customer.objects.create(connection=connection, stripe_id="cus_1", rank=1)
    who = {"app_id": connection.app_id, "livemode": connection.livemode}
    for user_id in ("known", "new"):
        Identity.objects.create(app_id=connection.app_id, user_id=user_id, stripe_id="cus_1")
    UserTraits.objects.create(**who, user_id="known", updated_at=timezone.now())
    insert = """
        INSERT INTO stripe_sync_usertraits
            (app_id, livemode, user_id, subscription_status, sources, version, updated_at)
        VALUES (%(app_id)s, %(livemode)s, 'new', 'NONE', '[]', 0, now())
    """
    with other.cursor() as cursor:
        cursor.execute(insert, who)
        projecting = InTransaction(
            lambda: project_customers(connection=connection, customers=["cus_1"], source={"run": "test"})
        )
        projecting.start()
        wait_until_it_waits(projecting, lock="transactionid")

        cursor.execute("SELECT customer FROM stripe_sync_usertraits WHERE user_id = 'known' FOR UPDATE NOWAIT")
        assert cursor.fetchone() == (None,)

    other.commit()
    projecting.join(60)
    described = UserTraits.objects.filter(**who).values_list("user_id", "customer")
    assert set(described) == {("known", "cus_1"), ("new", "cus_1")}
