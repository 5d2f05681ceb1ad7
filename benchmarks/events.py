"""Speed of events from the inbox to traits, and of the webhook view, against the simplest thing that could work.

    python benchmarks/events.py [--users 50000] [--events 50000]

Every event is a ``customer.subscription.updated`` with one item. Prints, all from one run on one PostgreSQL:
the naive loop (one ``INSERT … ON CONFLICT`` of the same JSON per event, autocommit), one draining process and its
ratio to the loop, statements per batch by batch size, the memory of the process as it drains, and the webhook view
against a bare view that inserts the same bytes. It works in a scratch database of the server that DATABASE_URL
names and drops it. What PostgreSQL does about ``fsync`` is printed, not set.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg

from engage_stripe import embedded

NOW = 1_790_000_000


@contextmanager
def scratch_database(url: str) -> Iterator[str]:
    name = f"benchmark_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield urlsplit(url)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def event(number: int, user: int, second: int) -> dict[str, Any]:
    """As Stripe sends it, about four kilobytes."""
    price = {
        "id": "price_basic", "object": "price", "active": True, "billing_scheme": "per_unit",
        "created": NOW - 9_999_999, "currency": "usd", "livemode": False, "lookup_key": None,
        "metadata": {}, "nickname": None, "product": "prod_basic", "tax_behavior": "unspecified", "tiers_mode": None,
        "recurring": {"interval": "month", "interval_count": 1, "meter": None, "trial_period_days": None,
                      "usage_type": "licensed"},
        "transform_quantity": None, "type": "recurring", "unit_amount": 1000, "unit_amount_decimal": "1000",
    }  # fmt: skip
    subscription = f"sub_{user:024d}"
    item = {
        "id": f"si_{user:014d}", "object": "subscription_item", "billing_thresholds": None, "created": NOW - 1_000_000,
        "current_period_start": NOW - 1000 + second, "current_period_end": NOW + 2_592_000 + second, "discounts": [],
        "metadata": {}, "plan": {**price, "object": "plan", "amount": 1000, "interval": "month"}, "price": price,
        "quantity": 1 + number % 5, "subscription": subscription, "tax_rates": [],
    }  # fmt: skip
    data = {
        "id": subscription, "object": "subscription", "application": None, "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": NOW - 1000, "billing_mode": {"flexible": {"proration_discounts": "included"},
                                                            "type": "flexible"},
        "cancel_at": None, "cancel_at_period_end": number % 2 == 0, "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically", "created": NOW - 1_000_000, "currency": "usd",
        "customer": f"cus_{user:014d}", "days_until_due": None, "default_payment_method": None, "default_source": None,
        "default_tax_rates": [], "description": None, "discounts": [], "ended_at": None,
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "items": {"object": "list", "data": [item], "has_more": False, "total_count": 1,
                  "url": f"/v1/subscription_items?subscription={subscription}"},
        "latest_invoice": f"in_{number:024d}", "livemode": False, "metadata": {}, "on_behalf_of": None,
        "pause_collection": None, "payment_settings": {"payment_method_options": None, "payment_method_types": None,
                                                       "save_default_payment_method": "off"},
        "pending_setup_intent": None, "pending_update": None, "schedule": None, "start_date": NOW - 1_000_000,
        "status": ("active", "past_due")[number % 3 == 0], "test_clock": None, "transfer_data": None,
        "trial_end": None, "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
        "trial_start": None,
    }  # fmt: skip
    return {
        "id": f"evt_{number:024d}", "object": "event", "api_version": "2026-10-28.endive", "created": NOW + second,
        "data": {"object": data, "previous_attributes": {"status": "active"}}, "livemode": False,
        "pending_webhooks": 1, "request": {"id": None, "idempotency_key": None},
        "type": "customer.subscription.updated",
    }  # fmt: skip


def naive_loop(url: str, payloads: list[str]) -> float:
    """Events per second of the simplest mirror: the object's JSON, upserted one by one."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE naive (id text PRIMARY KEY, data jsonb, updated timestamptz DEFAULT now())"
        )
        started = time.perf_counter()
        for payload in payloads:
            data = json.loads(payload)["data"]["object"]
            connection.execute(
                "INSERT INTO naive (id, data) VALUES (%s, %s::jsonb)"
                " ON CONFLICT (id) DO UPDATE SET data = excluded.data, updated = now()",
                [data["id"], json.dumps(data)],
            )
        return len(payloads) / (time.perf_counter() - started)


def memory() -> int:
    """Resident megabytes of this process now."""
    with open("/proc/self/statm") as statm:  # noqa: PTH123
        return int(statm.read().split()[1]) * resource.getpagesize() // 2**20


def measure(users: int, count: int) -> None:
    """In a process with DATABASE_URL set to the scratch database."""
    import django

    django.setup()
    from benchmarks import events_workload as workload

    connection = workload.prepare(users)
    payloads = [json.dumps(event(number, number % users, number // 100)) for number in range(count)]
    per_second_naive = naive_loop(os.environ["DATABASE_URL"], payloads[: min(count, 5_000)])
    print(f"naive loop                 {per_second_naive:10,.0f} events/s")
    workload.fill_inbox(connection, payloads)
    started, done = time.perf_counter(), 0
    for taken in workload.batches():
        done += taken
        if done % 10_000 < taken:
            print(f"  after {done:9,}         {memory():10,} MB")
    per_second = done / (time.perf_counter() - started)
    print(f"inbox to traits            {per_second:10,.0f} events/s   {per_second / per_second_naive:5.1f} x")
    for size in (1, 10, 100, 500):
        print(f"statements, batch of {size:4}  {workload.statements(connection, size, event):10}")
    compare("webhook view / bare view", *workload.views(connection, event))


def compare(name: str, ours: Callable[[int], None], bare: Callable[[int], None]) -> None:
    """Requests per second of both, taking turns so that neither has the better moment."""
    spent = {ours: 0.0, bare: 0.0}
    for turn in range(20):
        for call in (ours, bare):
            started = time.perf_counter()
            for number in range(100):
                call(turn * 100 + number)
            spent[call] += time.perf_counter() - started
    print(
        f"{name}   {2000 / spent[ours]:,.0f} / {2000 / spent[bare]:,.0f} per s   {spent[bare] / spent[ours]:.0%}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("--users", type=int, default=50_000)
    parser.add_argument("--events", type=int, default=50_000)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "engage_stripe.settings")
    if options.measure:
        measure(options.users, options.events)
        return
    url = os.environ.get("DATABASE_URL") or embedded.postgres_url()
    with psycopg.connect(url) as connection:
        print("PostgreSQL", *connection.execute("SHOW server_version"), "fsync", *connection.execute("SHOW fsync"))
    with scratch_database(url) as scratch:
        environment = {**os.environ, "DATABASE_URL": scratch}
        subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], env=environment, check=True)
        arguments = ["--users", str(options.users), "--events", str(options.events), "--measure"]
        subprocess.run([sys.executable, "-m", "benchmarks.events", *arguments], env=environment, check=True)


if __name__ == "__main__":
    main()
