"""A night under a real beat and real workers: what nobody calls happens, in the right order, by itself."""

import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection as database
from django.utils import timezone

from connector.crypto import Secret
from connector.models import Connection
from engage_stripe.demo.processes import Supervisor
from sync.models import (
    Customer,
    Drift,
    Identity,
    IdentitySource,
    Night,
    Price,
    Subscription,
    SyncRun,
    UserTraits,
)  # fmt: skip
from sync.reconciliation import reconcile
from tests.factories import Tenant, make_app, make_connection
from tests.faults.conftest import MailServer
from tests.faults.live_processes import LiveProcesses
from tests.sandbox_process import StripeAccount
from tests.sync.conftest import SEED_PERMISSIONS, let_time_pass
from tests.sync.stores.conftest import list_names, write
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]


@pytest.fixture
def processes(stripe_account: StripeAccount, tmp_path: Path, mail_server: MailServer) -> Iterator[LiveProcesses]:
    environment = {
        "IDENTITY_FOLDERS": str(tmp_path / "ingest"),
        "EMAIL_URL": f"smtp://127.0.0.1:{mail_server.port}",
    }
    with Supervisor(logs=tmp_path / "logs", on_restart=lambda _: None) as supervisor:
        yield LiveProcesses(supervisor, stripe_url=stripe_account.sandbox.url, folder=tmp_path, **environment)


@pytest.fixture
def tenant() -> Tenant:
    return make_app(timezone="Pacific/Auckland")


@pytest.fixture
def connection(settings: Any, stripe_account: StripeAccount, tenant: Tenant) -> Connection:
    """Three days old, and due an hour ago by its own clock."""
    settings.ENGAGE_STRIPE = {**settings.ENGAGE_STRIPE, "STRIPE_API_BASE": stripe_account.sandbox.url}
    made = make_connection(
        app_id=tenant.id,
        stripe_account_id=stripe_account.id,
        api_key=Secret(stripe_account.restricted_key(SEED_PERMISSIONS)),
        schedule_time=(timezone.now() - timedelta(hours=1)).astimezone(ZoneInfo("Pacific/Auckland")).time(),
    )
    Connection.objects.filter(pk=made.pk).update(created_at=timezone.now() - timedelta(days=3))
    made.refresh_from_db()
    return made


def subscribe(stripe: Any) -> tuple[str, str]:
    """The customer and the subscription."""
    product = stripe.products.create({"name": "Pro"}).id
    terms = {"unit_amount": 900, "currency": "usd", "recurring": {"interval": "month"}}
    price = stripe.prices.create({"product": product, **terms}).id
    customer = stripe.customers.create({}).id
    fields = {"customer": customer, "items": [{"price": price}], "trial_period_days": 7}
    return customer, stripe.subscriptions.create(fields).id


def night_is_over() -> bool:
    return Night.objects.filter(step=Night.Step.FINISHED).exists()


def test_it_goes_from_a_file_to_an_email_by_itself(
    connection: Connection,
    tenant: Tenant,
    stripe_account: StripeAccount,
    processes: LiveProcesses,
    mail_server: MailServer,
    tmp_path: Path,
) -> None:
    admin, folder = tenant.user(), tmp_path / "ingest" / str(tenant.id)
    stripe = stripe_account.client.v1
    customer, subscription = subscribe(stripe)
    reconcile(connection=connection)
    let_time_pass(stripe_account.sandbox, 60)
    stripe.subscriptions.update(subscription, {"cancel_at_period_end": True})  # of which no event tells
    let_time_pass(stripe_account.sandbox, 60)
    write(folder, "users.csv", f"user_id,stripe_id\nada,{customer}\n", seconds_ago=7200)
    IdentitySource.objects.create(app_id=tenant.id, connection=connection, url=folder.as_uri())

    processes.start_beat()
    processes.start_worker(with_beat=False)
    wait_until(night_is_over, seconds=90, otherwise="the night did not end")

    runs = Night.objects.get().runs.order_by("created_at")
    assert [(run.kind, run.state) for run in runs] == [
        ("identities", "done"), ("catalogue", "done"), ("reconciliation", "done"),
    ]  # fmt: skip
    assert Identity.objects.get(app_id=tenant.id).stripe_id == customer
    assert [name.partition("-")[2] for name in list_names(folder)] == ["users.csv"]
    assert Price.objects.filter(connection=connection).count() == 1
    assert Drift.objects.get(run=runs[2]).after["cancel_at_period_end"] is True
    traits = UserTraits.objects.get(app_id=tenant.id, user_id="ada")
    assert (traits.subscription_plan, traits.cancel_at_period_end) == ("Pro", True)
    (message,) = mail_server.messages
    assert (message["To"], message["Subject"]) == (admin.email, "Stripe sync of Shop is done")
    assert "1 drifted" in message.get_body(("plain",)).get_content()


_READERS = """
SELECT count(DISTINCT pid) FROM pg_locks
WHERE locktype = 'advisory' AND granted
  AND (classid::int8 << 32 | objid::int8) IN (SELECT hashtextextended('range:' || id, 0) FROM stripe_sync_runrange)
"""


def processes_that_read() -> int:
    with database.cursor() as cursor:
        cursor.execute(_READERS)
        return int(cursor.fetchone()[0])


def test_it_reads_the_ranges_of_one_run_with_two_workers_and_without_one_that_is_killed(
    connection: Connection, stripe_account: StripeAccount, processes: LiveProcesses
) -> None:
    stripe_account.sandbox.admin("POST", "generate", account=stripe_account.id, subscriptions=1500)
    Connection.objects.update(created_at=timezone.now())  # no night is due: this is a new connection's first read

    for name in ("first", "second"):
        processes.start_worker(name, with_beat=False)
    processes.start_beat()
    wait_until(lambda: processes_that_read() > 1, seconds=60, otherwise="two processes never read side by side")
    os.killpg(processes.pid("first"), signal.SIGKILL)
    runs = SyncRun.objects.filter(kind=SyncRun.Kind.RECONCILIATION)
    wait_until(lambda: runs.exclude(finished_at=None).exists(), seconds=90, otherwise="the run did not end")

    run = runs.get()
    assert (run.state, run.error) == ("done", "")
    assert run.counts["customers"] == run.counts["subscriptions"] == 1500
    for model in (Customer, Subscription):
        assert model.objects.filter(connection=connection, deleted=False, rank__gt=0).count() == 1500
