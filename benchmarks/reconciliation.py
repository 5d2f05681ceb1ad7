"""Requests, SQL statements and request rate of a reconciliation against the sandbox.

    python -m benchmarks.reconciliation [--subscriptions 100000] [--threads 8] [--rate 25]

Prints, for the first reconciliation and for one that finds nothing: seconds, also of this process's CPU, the share of
the allowed request rate that was used, SQL statements per object, and for each resource its requests against the least
possible number. Allowed is the account's whole ``--rate`` while nobody clicks (docs/adr/0006-rate-budget.md). It
works in a scratch database of the server that DATABASE_URL names and drops it.
"""

import argparse
import os
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import httpx

from benchmarks.scratch import product_database, sandbox_stripe

if TYPE_CHECKING:
    from connector.models import Connection
    from sync.models import SyncRun


def measure(base: str, subscriptions: int, threads: int, rate: int) -> None:
    account = httpx.post(f"{base}/_sandbox/accounts", json={}).json()
    body = {"account": account["account"], "subscriptions": subscriptions}
    httpx.post(f"{base}/_sandbox/generate", json=body, timeout=600).raise_for_status()

    alone = list_alone(base, account["secret_key"], threads)
    print(
        f"the sandbox alone lists {alone:.0f} pages a second; {rate} are allowed",
        flush=True,
    )

    from connector.crypto import Secret
    from connector.models import Connection

    connection = Connection.objects.create(
        app_id=uuid.uuid4(), method="api_key", livemode=False, status="active",
        stripe_account_id=account["account"], api_key=Secret(account["secret_key"]),
    )  # fmt: skip
    for label in ("first", "again"):
        reconcile_once(label, connection, threads, rate)


def reconcile_once(label: str, connection: "Connection", threads: int, rate: int) -> None:
    from django.db.backends.utils import CursorWrapper

    from sync.reconciliation import reconcile

    counted, lock = [0], threading.Lock()
    execute = CursorWrapper.execute

    def count(self: CursorWrapper, *arguments: Any, **options: Any) -> Any:
        with lock:
            counted[0] += 1
        return execute(self, *arguments, **options)

    with patch.object(CursorWrapper, "execute", count):
        started, cpu = time.perf_counter(), time.process_time()
        run = reconcile(connection=connection, threads=threads)
        seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    connection.refresh_from_db()
    assert run.state == "done", run.error
    tell(label, run, seconds, cpu, statements=counted[0], allowed=rate)


def tell(label: str, run: "SyncRun", seconds: float, cpu: float, *, statements: int, allowed: int) -> None:
    objects = run.counts["customers"] + run.counts["subscriptions"]
    requests = run.counts["requests"]
    print(f"{label}: {objects:,} objects in {seconds:.1f} s, {cpu:.1f} s of this process", end="  ")
    print(
        f"{requests / seconds / allowed:.1%} of the {allowed} requests a second are used (wanted 90 %)", end="  "
    )
    print(f"one statement for {objects / statements:.1f} objects (wanted 20)", flush=True)
    for name in ("customers", "subscriptions"):
        made = sum(run.ranges.filter(resource=name).values_list("requests_made", flat=True))
        least = -(-run.counts[name] // 100)
        print(f"  {name}: {run.counts[name]:,} in {made:,} requests, {made / least:.3f} of the least (wanted 1.1)",
              flush=True)  # fmt: skip


def list_alone(base: str, key: str, threads: int) -> float:
    """Pages a second that the sandbox gives when nobody does anything with them: the benchmark's own ceiling."""
    pages = 100
    path = f"{base}/v1/subscriptions?limit=100&status=all&expand[]=data.default_payment_method"
    with httpx.Client(auth=(key, ""), timeout=60) as client, ThreadPoolExecutor(threads) as pool:
        started = time.perf_counter()
        for answer in pool.map(client.get, [path] * pages):
            answer.raise_for_status()
        return pages / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subscriptions", type=int, default=100_000)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--rate", type=int, default=25, help="requests a second that the account is granted")
    options = parser.parse_args()
    with sandbox_stripe() as (base, _):
        os.environ |= {
            "STRIPE_API_BASE": base,
            "STRIPE_TEST_REQUESTS_PER_SECOND": str(options.rate),
            "LOG_LEVEL": "WARNING",
        }
        with product_database():
            measure(base, options.subscriptions, options.threads, options.rate)


if __name__ == "__main__":
    main()
