"""From the moment an event is signed to the moment its trait can be read, with the product's real processes.

    python -m benchmarks.latency [--rate 300] [--seconds 60]

Web (granian), worker and beat are started as in README.md, in production mode, on a scratch database in which every
user has had an event before, and which PostgreSQL has analysed, as it does each minute. Once a first event has come
through, signed events, each of another user, are posted over HTTP at a fixed rate, whether the earlier ones are
answered or not; they are made and signed beforehand, and each one's time runs from when it is due. A reader looks for
changed traits twenty times a second, as the cursor of the API does; both moments are on this process's clock. Prints
p50, p95 and p99, the longest wait, what was waiting at most, and what never became visible. Wanted: p99 under one
second.
"""

import argparse
import os
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import psycopg

from benchmarks.live import Client, live_product, signed_request, start_web
from benchmarks.stripe_event import subscription_event
from engage_stripe.demo.processes import Supervisor

CLIENTS = 16
PATIENCE = 60
"""Seconds after the last event."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=300, help="events a second")
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    with live_product() as (supervisor, url, folder):
        from benchmarks.events_workload import make_connection, use_before

        count = options.rate * options.seconds
        connection = make_connection(count)
        use_before(connection, count)
        start(supervisor, url, str(folder / "schedule"))
        path = f"/webhooks/stripe/{connection.id}/"
        reader = Reader(os.environ["DATABASE_URL"], connection.app_id, count)
        requests = signed_requests(path, connection.webhook_secret.reveal(), count)
        see_the_first(url, requests, reader)
        due = deliver(url, requests, options.rate)
        reader.finish()
        report(due, reader, options.rate)


def start(supervisor: Supervisor, url: str, schedule: str) -> None:
    start_web(supervisor, url)
    supervisor.start("worker", ["celery", "-A", "engage_stripe", "worker"], environment={})
    supervisor.start("beat", ["celery", "-A", "engage_stripe", "beat", "--schedule", schedule], environment={})
    supervisor.wait_until_served("web", f"{url}/readyz", seconds=60)


def signed_requests(path: str, secret: str, count: int) -> dict[str, bytes]:
    """By customer. Stripe's signatures are good for five minutes."""
    events = (subscription_event(number, count) for number in range(count, 2 * count))
    return {event["data"]["object"]["customer"]: signed_request(path, event, secret) for event in events}


def see_the_first(url: str, requests: dict[str, bytes], reader: "Reader") -> None:
    """Until then the worker starts: it reads the new connection's catalogue, or finds no Stripe to read it from."""
    customer = next(iter(requests))
    Client(url).send(requests.pop(customer))
    pause = threading.Event()
    while customer not in reader.seen:
        pause.wait(0.05)


def deliver(url: str, requests: dict[str, bytes], rate: int) -> dict[str, float]:
    """When the event of each customer was due."""
    mine = threading.local()
    due: dict[str, float] = {}

    def send(request: bytes) -> None:
        if not hasattr(mine, "client"):
            mine.client = Client(url)
        mine.client.send(request)

    with ThreadPoolExecutor(CLIENTS) as pool:
        started, answers = time.perf_counter(), []
        for number, (customer, request) in enumerate(requests.items()):
            due[customer] = started + number / rate
            time.sleep(max(0.0, due[customer] - time.perf_counter()))
            answers.append(pool.submit(send, request))
        for answer in answers:
            answer.result()
    print(f"{len(due):,} events in {time.perf_counter() - started:.1f} s on {os.cpu_count()} cores")
    return due


class Reader(threading.Thread):
    """Sees each user's trait appear, as the host would; and what waits, each second."""

    def __init__(self, url: str, app_id: UUID, count: int) -> None:
        super().__init__(daemon=True)
        self._url, self._app_id, self._count = url, app_id, count
        self._given_up = threading.Event()
        self.seen: dict[str, float] = {}
        self.backlog = 0
        self.start()

    def run(self) -> None:
        pause, rounds = threading.Event(), 0
        with psycopg.connect(self._url, autocommit=True) as connection:
            snapshot = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
            ((settled,),) = connection.execute(snapshot).fetchall()
            while len(self.seen) < self._count and not self._given_up.is_set():
                changed = connection.execute(_CHANGED, [self._app_id, settled]).fetchall()
                now = time.perf_counter()
                for customer, settled in changed:  # noqa: B007  the last one is kept
                    self.seen.setdefault(customer, now)
                if rounds % 20 == 0:
                    waiting = "SELECT count(*) FROM stripe_sync_stripeevent WHERE state = 'received'"
                    ((backlog,),) = connection.execute(waiting).fetchall()
                    self.backlog = max(self.backlog, backlog)
                rounds += 1
                pause.wait(0.05)

    def finish(self) -> None:
        self.join(PATIENCE)
        self._given_up.set()
        self.join()


_CHANGED = """
    SELECT customer, pg_snapshot_xmin(pg_current_snapshot())::text::bigint FROM stripe_sync_usertraits
    WHERE app_id = %s AND NOT livemode AND version >= %s
"""
"""Who changed since a former look, and the version from which on the next has to look."""


def report(due: dict[str, float], reader: Reader, rate: int) -> None:
    waits = [reader.seen[customer] - at for customer, at in due.items() if customer in reader.seen]
    of_hundred = statistics.quantiles(waits, n=100)
    print(
        f"signature to visible trait at {rate} events/s: p50 {of_hundred[49]:.3f} s  p95 {of_hundred[94]:.3f} s  "
        f"p99 {of_hundred[98]:.3f} s  longest {max(waits):.3f} s   (wanted: p99 under 1 s)"
    )
    print(f"waiting at most {reader.backlog:,}; never visible {len(due) - len(waits):,}")


if __name__ == "__main__":
    main()
