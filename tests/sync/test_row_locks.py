"""Locks of rows, some of which are missing: held in one order, also while the missing ones are made."""

import threading
from collections.abc import Iterator

import pytest
from django.db import connection as database
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from sync.customer_locks import lock_customers
from sync.models import Customer
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


class Locking(threading.Thread):
    """Locks customers in a transaction of its own."""

    def __init__(self, keys: list[tuple[str, str]]) -> None:
        super().__init__(daemon=True)
        self._keys = keys
        self.locked: dict[tuple[str, str], str | None] = {}

    def run(self) -> None:
        try:
            with transaction.atomic():
                self.locked = lock_customers(self._keys, app_ids=[])
        finally:
            connections.close_all()


def test_it_holds_no_row_while_it_waits_for_a_new_one(other: BaseDatabaseWrapper) -> None:
    connection = make_connection(app_id=make_app().id)
    Customer.objects.create(connection=connection, stripe_id="cus_known", rank=1, email="ada@example.com")
    known, new = (str(connection.id), "cus_known"), (str(connection.id), "cus_new")
    insert = """
        INSERT INTO stripe_sync_customer (connection_id, stripe_id, rank, deleted) VALUES (%s, 'cus_new', 0, false)
    """
    with other.cursor() as cursor:
        cursor.execute(insert, [connection.id])
        locking = Locking([known, new])
        locking.start()
        wait_until_it_waits(locking, lock="transactionid")

        cursor.execute("SELECT email FROM stripe_sync_customer WHERE stripe_id = 'cus_known' FOR UPDATE NOWAIT")
        assert cursor.fetchone() == ("ada@example.com",)

    other.commit()
    locking.join(60)
    assert locking.locked == {known: "ada@example.com", new: None}
