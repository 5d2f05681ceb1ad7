"""Events per second from the inbox to traits, against the simplest thing that could work.

    python -m benchmarks.events [--users 50000] [--events 250000]

Every event is a ``customer.subscription.updated`` with one item, of users in no order, and changes three to five
traits. Prints, all from one run on one PostgreSQL:

- the naive loop: one ``INSERT … ON CONFLICT`` of the subscription's JSON per event, autocommit, over psycopg. It takes
  some of the same events before and after each round of the worker, as a machine is not equally fast all the time, and
  the mean counts. Its table has as many rows as ours: none before the first round, one per user after it;
- one worker process that does what its task does: events per second, its ratio to the loop, its CPU time per event and
  its resident memory, for each round of one event per user; the first round makes every row. The median of the rounds
  after it counts. With 500,000 events it shows whether memory stays flat;
- SQL statements per batch, by the size of the batch.

What PostgreSQL does about ``fsync`` is printed, not set.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg

from benchmarks.scratch import ROOT, product_database
from benchmarks.stripe_event import subscription_event

if TYPE_CHECKING:
    from connector.models import Connection

NAIVE = 5_000
"""Events of the naive loop each time."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=50_000)
    parser.add_argument("--events", type=int, default=250_000)
    options = parser.parse_args()
    with product_database() as url, psycopg.connect(url, autocommit=True) as connection:
        settings = "SELECT current_setting('server_version'), current_setting('fsync')"
        for version, fsync in connection.execute(settings):
            print(f"PostgreSQL {version}, fsync {fsync}")
        connection.execute(
            "CREATE TABLE naive (id text PRIMARY KEY, data jsonb, updated timestamptz DEFAULT now())"
        )
        measure(options.users, options.events, connection)


def fill_naive(connection: psycopg.Connection, users: int) -> None:
    """The rows that are not there yet."""
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE filling (id text, data jsonb) ON COMMIT DROP")
        with cursor.copy("COPY filling FROM STDIN") as rows:
            for number in range(users):
                data = subscription_event(number, users)["data"]["object"]
                rows.write_row((data["id"], json.dumps(data)))
        cursor.execute("INSERT INTO naive (id, data) SELECT id, data FROM filling ON CONFLICT DO NOTHING")


def naive_loop(connection: psycopg.Connection, numbers: Iterable[int], users: int) -> float:
    """Events per second of these."""
    payloads = [json.dumps(subscription_event(number, users)) for number in numbers]
    started = time.perf_counter()
    for payload in payloads:
        data = json.loads(payload)["data"]["object"]
        connection.execute(
            "INSERT INTO naive (id, data) VALUES (%s, %s::jsonb)"
            " ON CONFLICT (id) DO UPDATE SET data = excluded.data, updated = now()",
            [data["id"], json.dumps(data)],
        )
    return len(payloads) / (time.perf_counter() - started)


def measure(users: int, count: int, database: psycopg.Connection) -> None:
    from benchmarks import events_workload as workload

    connection = workload.make_connection(users)
    ratios = []
    for done in rounds(connection, users, count, database):
        rate = done["events"] / done["seconds"]
        naive = (done["naive before"] + done["naive after"]) / 2
        ratios.append(rate / naive)
        print(
            f"one worker {rate:7,.0f} events/s  {ratios[-1]:4.1f} x the naive loop "
            f"({done['naive before']:,.0f} before, {done['naive after']:,.0f} after)  "
            f"{done['cpu'] / done['events'] * 1e6:4.0f} us of CPU an event  "
            f"{done['resident']:4.0f} MB after {done['total']:,}",
            flush=True,
        )
    if known := ratios[1:]:
        print(f"median where rows are there: {statistics.median(known):.1f} x the naive loop   (wanted: 3)")
    for size in (1, 10, 100, 500):
        print(f"batch of {size:4}  {workload.statements(connection, count, size, users):3} SQL statements")
        count += size


def rounds(
    connection: "Connection", users: int, count: int, database: psycopg.Connection
) -> Iterator[dict[str, float]]:
    """One worker process drains the inbox once for each event per user, until ``count`` events, between naive loops.

    Yields ``events`` and ``total``, ``seconds``, ``cpu`` (seconds) and ``resident`` (megabytes) of each round, and the
    events per second of the naive loop beside it.
    """
    from benchmarks import events_workload as workload

    with worker() as drain:
        for first in range(0, count, users):
            events = min(users, count - first)
            workload.fill_inbox(connection, range(first, first + events), users)
            before = naive_loop(database, range(first, first + NAIVE), users)
            done = drain()
            assert not workload.are_waiting()
            after = naive_loop(database, range(first + NAIVE, first + 2 * NAIVE), users)
            yield {
                **done, "events": events, "total": first + events, "naive before": before, "naive after": after
            }  # fmt: skip
            if not first:
                fill_naive(database, users)


@contextmanager
def worker() -> Iterator[Callable[[], dict[str, float]]]:
    """A worker process. Calling what this gives drains the inbox: ``seconds``, ``cpu`` and ``resident`` of that."""
    command = [sys.executable, "-m", "benchmarks.drainer"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        commands, answers = process.stdin, process.stdout
        assert commands
        assert answers

        def drain() -> dict[str, float]:
            commands.write("drain\n")
            commands.flush()
            done: dict[str, float] = json.loads(answers.readline())
            return done

        yield drain
        commands.close()


if __name__ == "__main__":
    main()
