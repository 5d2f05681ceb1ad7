"""A worker that is killed in the middle of a batch: what was acknowledged is applied once, by the next one."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection as database

from connector.crypto import Secret
from connector.models import Connection
from engage_stripe.demo.processes import Supervisor
from sync.models import Identity, RefreshRequest, StripeEvent, UserTraits
from sync.projection import project_users
from sync.refresh import refresh_customer
from tests.factories import make_app, make_connection
from tests.faults.live_processes import LiveProcesses, database_url
from tests.sandbox_process import StripeAccount
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]


@pytest.fixture
def restarts() -> list[str]:
    return []


@pytest.fixture
def processes(stripe_account: StripeAccount, tmp_path: Path, restarts: list[str]) -> Iterator[LiveProcesses]:
    with Supervisor(logs=tmp_path, on_restart=restarts.append) as supervisor:
        yield LiveProcesses(supervisor, stripe_url=stripe_account.sandbox.url, folder=tmp_path)


@pytest.fixture
def connection(settings: Any, stripe_account: StripeAccount, processes: LiveProcesses) -> Connection:
    """Connected, with an endpoint at Stripe that delivers to the live web process."""
    settings.ENGAGE_STRIPE = {**settings.ENGAGE_STRIPE, "STRIPE_API_BASE": stripe_account.sandbox.url}
    made = make_connection(
        app_id=make_app().id,
        stripe_account_id=stripe_account.id,
        api_key=Secret(stripe_account.secret_key),
        permissions={"rak_payment_method_read": {"state": "granted", "message": ""}},
    )
    endpoint = stripe_account.client.v1.webhook_endpoints.create(
        {"url": f"{processes.url}/webhooks/stripe/{made.id}/", "enabled_events": ["*"]}
    )
    made.webhook_secret = Secret(str(endpoint.secret))
    made.save()
    return made


def subscribe(stripe: Any, connection: Connection, *, price: str, number: int) -> str:
    customer = stripe.customers.create({"email": f"{number}@example.com", "payment_method": "pm_card_visa"}).id
    stripe.subscriptions.create(
        {"customer": customer, "items": [{"price": price}], "trial_period_days": 7 + number}
    )
    Identity.objects.create(app_id=connection.app_id, user_id=f"user-{number}", stripe_id=customer)
    return str(customer)


def somebody_waits_for_a_lock() -> bool:
    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def all_is_applied() -> bool:
    waiting = StripeEvent.objects.filter(state=StripeEvent.State.RECEIVED)
    return not waiting.exists() and not RefreshRequest.objects.exists()


def test_it_ends_in_the_same_traits(
    connection: Connection, processes: LiveProcesses, stripe_account: StripeAccount, restarts: list[str]
) -> None:
    stripe = stripe_account.client.v1
    processes.start_web()
    product = stripe.products.create({"name": "Pro"}).id
    price = stripe.prices.create(
        {"product": product, "unit_amount": 900, "currency": "usd", "recurring": {"interval": "month"}}
    ).id
    customers = [subscribe(stripe, connection, price=price, number=number) for number in range(5)]
    stripe_account.sandbox.admin("POST", "webhooks/flush")
    acknowledged = StripeEvent.objects.count()
    assert acknowledged > len(customers)

    with psycopg.connect(database_url()) as locks:
        locks.execute("LOCK TABLE stripe_sync_subscription IN ACCESS EXCLUSIVE MODE")
        processes.start_worker()
        wait_until(somebody_waits_for_a_lock, seconds=60, otherwise="the worker did not start on the batch")
        os.killpg(processes.worker_pid, signal.SIGKILL)

    wait_until(lambda: bool(restarts), seconds=30, otherwise="the worker was not missed")
    wait_until(all_is_applied, seconds=90, otherwise="the next worker did not finish")
    assert restarts == ["worker ended (SIGKILL); starting it again"]
    assert StripeEvent.objects.count() == acknowledged
    assert not StripeEvent.objects.filter(state=StripeEvent.State.FAILED).exists()
    users = [f"user-{number}" for number in range(5)]
    project_users(app_id=connection.app_id, user_ids=users, source={})
    assert set(UserTraits.objects.values_list("subscription_status", "subscription_plan")) == {("trialing", "Pro")}
    differences = [
        change
        for customer in customers
        for change in refresh_customer(connection=connection, customer_id=customer)
    ]
    assert differences == []
