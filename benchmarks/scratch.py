"""What benchmarks work in, and leave nothing of: databases of the server that DATABASE_URL names, a sandbox Stripe."""

import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def scratch_database(url: str) -> Iterator[str]:
    """The URL of a new, empty database on the server of ``url``."""
    name = f"benchmark_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield urlsplit(url)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def product_database() -> Iterator[str]:
    """A scratch database with the product's tables. DATABASE_URL names it, and Django is set up on it."""
    with scratch_database(os.environ["DATABASE_URL"]) as url:
        os.environ |= {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "engage_stripe.settings"}
        os.environ.setdefault("LOG_LEVEL", "WARNING")
        subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, check=True)
        import django

        django.setup()
        yield url


@contextmanager
def sandbox_stripe() -> Iterator[tuple[str, int]]:
    """The address of a sandbox Stripe, and its process id."""
    command = [sys.executable, "-m", "engage_stripe.sandbox", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            said = process.stdout.readline()
            address = re.search(r"http://\S+", said)
            assert address, f"The sandbox said {said!r}."
            yield address[0], process.pid
        finally:
            process.terminate()
