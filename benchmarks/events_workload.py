"""What ``benchmarks.events`` measures, once Django is set up."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection as database
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.views.decorators.csrf import csrf_exempt

from connector.crypto import Secret
from connector.models import Connection
from sync import inbox
from sync.models import Customer, Identity, Product, StripeEvent
from sync.signatures import _sign
from sync.webhooks import webhook_connection

MakeEvent = Callable[[int, int, int], dict[str, Any]]


def prepare(users: int) -> Connection:
    """One connection with that many users, customers and their identities."""
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
    with database.cursor() as cursor:
        cursor.execute("ANALYZE")
    return connection


def fill_inbox(connection: Connection, payloads: list[str]) -> None:
    """Straight into the table: storing is not what is measured."""
    for start in range(0, len(payloads), 5_000):
        events = [json.loads(payload) for payload in payloads[start : start + 5_000]]
        StripeEvent.objects.bulk_create(
            StripeEvent(
                connection=connection,
                event_id=event["id"],
                type=event["type"],
                created=f"2026-09-21T{event['created'] // 3600 % 24:02}:00:00Z",
                api_version=event["api_version"],
                livemode=False,
                payload=event,
            )
            for event in events
        )
    with database.cursor() as cursor:
        cursor.execute(
            f"UPDATE {StripeEvent._meta.db_table} SET created = to_timestamp((payload->>'created')::bigint)"  # noqa: S608
        )
        cursor.execute("VACUUM ANALYZE")


def batches() -> Iterator[int]:
    """Each batch's size, until the inbox is empty."""
    while taken := inbox.apply_batch():
        yield taken


def statements(connection: Connection, size: int, make_event: MakeEvent) -> int:
    """How many SQL statements a batch of this size takes, ``BEGIN`` and ``COMMIT`` included."""
    serial = uuid.uuid4().int % 10**15
    fill_inbox(connection, [json.dumps(make_event(serial + n, n, 9_000_000 + size)) for n in range(size)])
    with CaptureQueriesContext(database) as queries:
        inbox.apply_batch()
    return len(queries)


def views(connection: Connection, make_event: MakeEvent) -> tuple[Callable[[int], None], Callable[[int], None]]:
    """The webhook view and a bare one, each called with a new event of the same size."""
    factory = RequestFactory()
    serial = uuid.uuid4().int % 10**15

    def request(number: int) -> HttpRequest:
        body = json.dumps(make_event(serial + number, 0, number)).encode()
        now = int(time.time())
        signature = _sign(connection.webhook_secret, f"{now}.".encode() + body).decode()
        header = f"t={now},v1={signature}"
        return factory.post("/", body, content_type="application/json", headers={"Stripe-Signature": header})

    def ours(number: int) -> None:
        answer = webhook_connection(request(number), connection_id=connection.id)
        if b"stored" not in answer.content:
            raise RuntimeError(answer.content)

    def bare(number: int) -> None:
        _bare_view(request(number + 1_000_000))

    with database.cursor() as cursor:
        cursor.execute("CREATE TABLE bare (id bigserial PRIMARY KEY, data jsonb)")
    return ours, bare


@csrf_exempt
def _bare_view(request: HttpRequest) -> HttpResponse:
    with database.cursor() as cursor:
        cursor.execute("INSERT INTO bare (data) VALUES (%s::jsonb)", [request.body.decode()])
    return HttpResponse()
