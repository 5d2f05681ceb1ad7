"""What the connector adds to Stripe's own time in a one-action click.

    python -m benchmarks.clicks [--clicks 1000] [--rate 50] [--warm-up 500] [--stripe-takes 0.3]

Four processes of their own: the web process as ``make serve`` starts it, set up as in production; PostgreSQL and
Redis; the sandbox Stripe; and a load generator that sends clicks over kept-alive HTTP at a fixed rate, whether the
earlier ones are answered or not, each of another user. The account has a few times as many customers as there are
clicks, and all of them are mirrored. The whole time of a click runs from the moment it was due until its answer is
read. Stripe's is what its requests took inside the sandbox, by the sandbox's own log; the difference is ours, with all
that HTTP costs on either side.

What the processes' work costs is in the last line: on a machine of two cores they wait for each other, and such
waiting counts wherever it happens. It works in a scratch database of the server that DATABASE_URL names, and drops it.
"""

import argparse
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from benchmarks.scratch import scratch_database

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clicks", type=int, default=1000)
    parser.add_argument("--rate", type=int, default=50, help="clicks a second")
    parser.add_argument("--warm-up", type=int, default=500, help="clicks before those that count")
    parser.add_argument("--stripe-takes", type=float, default=0, help="seconds longer, for each request")
    options = parser.parse_args()
    port = free_port()
    with scratch_database(os.environ["DATABASE_URL"]) as url, sandbox() as (stripe_url, stripe):
        os.environ |= environment(url, stripe_url, port)
        subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, check=True)
        import django

        django.setup()
        from benchmarks import clicks_workload as workload

        shop = workload.open_shop(stripe_url, users=options.clicks + options.warm_up + 10)
        with web(port) as web_pid:
            workload.measure(shop, port, options, {"web": web_pid, "sandbox": stripe.pid})


def environment(database_url: str, stripe_url: str, port: int) -> dict[str, str]:
    """As in production, but for a budget of requests to Stripe that is not what is measured."""
    from cryptography.fernet import Fernet

    return {
        "DEBUG": "0",
        "DATABASE_URL": database_url,
        "STRIPE_API_BASE": stripe_url,
        "STRIPE_TEST_REQUESTS_PER_SECOND": "10000",
        "SECRET_KEY": "benchmark" * 8,
        "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}",
        "ALLOWED_HOSTS": "127.0.0.1,testserver",
        "LOG_LEVEL": "WARNING",
        "DJANGO_SETTINGS_MODULE": "engage_stripe.settings",
        "PYTHONWARNINGS": "ignore::UserWarning:django.core.handlers.base",  # static files are not collected
    }


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def sandbox() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    command = [sys.executable, "-m", "engage_stripe.sandbox", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield re.search(r"http://\S+", process.stdout.readline())[0], process
        finally:
            process.terminate()


@contextmanager
def web(port: int) -> Iterator[int]:
    """``make serve`` in a process group of its own; yields its id."""
    with subprocess.Popen(
        ["make", "--silent", "serve", f"PORT={port}"], cwd=ROOT, start_new_session=True
    ) as process:
        try:
            wait_until_served(f"http://127.0.0.1:{port}/healthz", process)
            yield process.pid
        finally:
            os.killpg(process.pid, signal.SIGTERM)


def wait_until_served(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "make serve ended"
        with suppress(httpx.TransportError):
            httpx.get(url)
            return
        time.sleep(0.1)
    raise TimeoutError(url)


if __name__ == "__main__":
    main()
