"""Speed and memory of identity imports, against a bare COPY of the same file into an unindexed table.

    python -m benchmarks.identity_import [--rows 1000000] [--rows 5000000]

Prints, for each number of rows: the bare COPY, the first import, a re-import with 1 % of the rows changed, each in
seconds (median, and from the least to the most of five rounds) and as a multiple of the COPY (of the medians: what the
machine does besides hits short runs as well as long ones), and the peak memory of the importing process.
It works in a scratch database of the server that DATABASE_URL names and drops it.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
import uuid
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from benchmarks.scratch import product_database

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 5
HEADER = "user_id,stripe_id,email_address\n"


def write_file(path: Path, rows: int, *, changed_every: int = 0) -> None:
    with path.open("w") as file:
        file.write(HEADER)
        for n in range(rows):
            customer = n + rows if changed_every and n % changed_every == 0 else n
            file.write(f"user-{n:09d},cus_{customer:014d},person{n}@example.com\n")


def bare_copy(url: str, path: Path) -> float:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS bare")
        connection.execute("CREATE TABLE bare (user_id text, stripe_id text, email_address text)")
        connection.execute("CHECKPOINT")
        started = time.perf_counter()
        with (
            connection.cursor().copy("COPY bare FROM STDIN (FORMAT csv, HEADER)") as copy,
            path.open("rb") as file,
        ):
            while block := file.read(1 << 16):
                copy.write(block)
        seconds = time.perf_counter() - started
        connection.execute("DROP TABLE bare")
    return seconds


def import_once(url: str, app_id: str, path: Path, *, empty: bool = False) -> tuple[float, float]:
    """Seconds of the import and the process's peak memory in MiB, from a process of its own."""
    with psycopg.connect(url, autocommit=True) as connection:
        if empty:
            connection.execute("TRUNCATE stripe_sync_identity")
        connection.execute("VACUUM ANALYZE stripe_sync_identity")  # as autovacuum does within a minute
        connection.execute("CHECKPOINT")
    command = [sys.executable, "-m", "benchmarks.identity_import", "--child", app_id, str(path)]
    environment = {**os.environ, "DATABASE_URL": url, "LOG_LEVEL": "WARNING"}
    answer = subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    seconds, memory = answer.stdout.split()
    return float(seconds), float(memory)


def child(app_id: str, path: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "engage_stripe.settings")
    import django

    django.setup()
    from connector.crypto import Secret
    from connector.models import Connection
    from sync.identity_import import import_identities

    Connection.objects.get_or_create(  # of a mirror that knows none of the customers: all have to be asked for
        app_id=app_id,
        defaults={"method": "api_key", "livemode": False, "status": "active", "api_key": Secret("sk_test_x")},
    )
    started = time.perf_counter()
    run = import_identities(app_id=uuid.UUID(app_id), source=path)
    seconds = time.perf_counter() - started
    assert run.state == "done", run.error
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def measure(url: str, rows: int) -> None:
    app_id = str(uuid.uuid4())
    with TemporaryDirectory() as folder:
        first, second = Path(folder) / "first.csv", Path(folder) / "second.csv"
        write_file(first, rows)
        write_file(second, rows, changed_every=100)
        copied, firsts, agains = [], [], []
        for _ in range(ROUNDS):  # side by side, so that what else the machine does meets all of them
            copied.append(bare_copy(url, first))
            firsts.append(import_once(url, app_id, first, empty=True))
            agains.append(import_once(url, app_id, second))
    memory = max(memory for _, memory in firsts + agains)
    measured = {
        "bare COPY": copied,
        "first import": [seconds for seconds, _ in firsts],
        "1 % changed": [seconds for seconds, _ in agains],
    }
    print(f"{rows:,} rows, peak memory {memory:.0f} MiB")
    for name, seconds in measured.items():
        times = statistics.median(seconds) / statistics.median(copied)
        spread = f"{min(seconds):.2f} to {max(seconds):.2f}"
        print(f"  {name:12} {statistics.median(seconds):6.2f} s ({spread})  {times:4.1f} x", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, action="append", help="repeatable; default 1,000,000 and 5,000,000")
    parser.add_argument("--child", nargs=2, metavar=("APP", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(*options.child)
        return
    with product_database() as url:
        for rows in options.rows or [1_000_000, 5_000_000]:
            measure(url, rows)


if __name__ == "__main__":
    main()
