"""The users whose events are measured, and their inbox. Needs Django set up."""

import json
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime

from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from benchmarks.stripe_event import subscription_event
from connector.crypto import Secret
from connector.models import Connection
from sync import inbox
from sync.models import Customer, Identity, Product, StripeEvent


def make_connection(users: int) -> Connection:
    """A connection of an App with so many users, each linked to a customer of whom no event has come yet."""
    connection = Connection.objects.create(
        app_id=uuid.uuid4(),
        method=Connection.Method.API_KEY,
        livemode=False,
        status=Connection.Status.ACTIVE,
        webhook_secret=Secret("whsec_benchmark"),
    )
    Product.objects.create(connection=connection, stripe_id="prod_basic", rank=1, name="Basic")
    ids = [f"cus_{user:014d}" for user in range(users)]
    Customer.objects.bulk_create(
        [Customer(connection=connection, stripe_id=one, rank=1, email=f"{one}@example.com") for one in ids], 5_000
    )
    Identity.objects.bulk_create(
        [Identity(app_id=connection.app_id, user_id=f"user-{one}", stripe_id=one) for one in ids], 5_000
    )
    return connection


def fill_inbox(connection: Connection, numbers: Iterable[int], users: int) -> None:
    """Events straight into the table: storing them is not what is measured. Then what autovacuum would do by then."""
    columns = "connection_id, event_id, type, created, api_version, livemode, payload, state, attempts"
    copy = f"COPY {StripeEvent._meta.db_table} ({columns}, not_before, error, received_at) FROM STDIN"
    with database.cursor() as cursor:
        with cursor.copy(copy) as rows:
            for number in numbers:
                event = subscription_event(number, users)
                created = datetime.fromtimestamp(event["created"], UTC)
                head = (connection.id, event["id"], event["type"], created, event["api_version"], False)
                received = datetime.now(UTC)
                rows.write_row((*head, json.dumps(event), "received", 0, received, "", received))
        cursor.execute("VACUUM ANALYZE")


def are_waiting() -> bool:
    return StripeEvent.objects.exclude(state=StripeEvent.State.APPLIED).exists()


def use_before(connection: Connection, users: int) -> None:
    """An event of each user is in the traits, as in a product that is in use."""
    fill_inbox(connection, range(users), users)
    inbox.drain()
    with database.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def statements(connection: Connection, first: int, size: int, users: int) -> int:
    """How many SQL statements a batch of this size takes, ``BEGIN`` and ``COMMIT`` left out."""
    fill_inbox(connection, range(first, first + size), users)
    with CaptureQueriesContext(database) as queries:
        inbox.apply_batch()
    return len(queries)
