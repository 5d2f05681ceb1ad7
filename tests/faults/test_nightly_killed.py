"""Imports and reconciliations that are killed with SIGKILL, wherever they are, end like undisturbed ones."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings as django_settings

from connector.crypto import Secret
from connector.models import Connection
from sync.models import Customer, Identity, SyncRun
from tests.factories import make_app, make_connection
from tests.faults.live_processes import database_url
from tests.sandbox_process import StripeAccount

pytestmark = pytest.mark.django_db(transaction=True)

POINTS = 10
ROWS = 30_000
CUSTOMERS = 600


def environment(stripe_url: str) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": database_url(),
        "REDIS_URL": django_settings.REDIS_URL,
        "SECRET_KEY": django_settings.SECRET_KEY,
        "FIELD_ENCRYPTION_KEYS": ",".join(django_settings.ENGAGE_STRIPE["FIELD_ENCRYPTION_KEYS"]),
        "STRIPE_API_BASE": stripe_url,
        "STRIPE_TEST_REQUESTS_PER_SECOND": "1000",
    }


def command(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", *arguments, "--json"]


def run_and_kill(arguments: list[str], env: dict[str, str], begun: Any, after: float) -> None:
    """Start the command, wait until it has begun, and kill it ``after`` seconds later, if it still runs."""
    process = subprocess.Popen(arguments, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not begun() and process.poll() is None:
        assert time.monotonic() < deadline, "the command did not begin"
    try:
        process.wait(timeout=after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)


def moments() -> Iterator[float]:
    chance = random.Random(6)
    for point in range(POINTS):
        yield (point + chance.random()) / POINTS


def write_file(path: Path, *, changed: bool) -> None:
    with path.open("w") as file:
        file.write("user_id,stripe_id\n")
        for n in range(ROWS):
            file.write(f"u{n},cus_{n}{'x' if changed and n % 3 == 0 else ''}\n")


def links(app_id: UUID) -> set[tuple[str, str | None]]:
    return set(Identity.objects.filter(app_id=app_id).values_list("user_id", "stripe_id"))


def is_running(app_id: UUID, known: int) -> bool:
    runs = SyncRun.objects.filter(app_id=app_id)
    return runs.count() > known and runs.exclude(state="queued").count() > known


@pytest.mark.timeout(300)
def test_it_leaves_the_old_links_or_has_the_new_ones(tmp_path: Path) -> None:
    app_id = make_app().id
    write_file(tmp_path / "old.csv", changed=False)
    write_file(tmp_path / "new.csv", changed=True)
    env = environment("http://127.0.0.1:1")
    started = time.monotonic()
    subprocess.run(
        command("import_identities", "--app", str(app_id), str(tmp_path / "old.csv")),
        env=env, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    whole = time.monotonic() - started
    old = links(app_id)
    new = {(user, f"{customer}x" if int(user[1:]) % 3 == 0 else customer) for user, customer in old}
    arguments = command("import_identities", "--app", str(app_id), str(tmp_path / "new.csv"))
    for moment in moments():
        known = SyncRun.objects.filter(app_id=app_id).count()
        run_and_kill(arguments, env, lambda known=known: is_running(app_id, known), moment * whole)
        assert links(app_id) in (old, new)
    subprocess.run(arguments, env=env, check=True, stdout=subprocess.DEVNULL)
    assert links(app_id) == new
    assert not SyncRun.objects.filter(app_id=app_id, state="running").exists()


@pytest.mark.timeout(300)
def test_it_reconciles_to_the_same_mirror(stripe_account: StripeAccount) -> None:
    stripe_account.sandbox.admin("POST", "generate", account=stripe_account.id, subscriptions=CUSTOMERS)
    app_id = make_app().id
    connection = make_connection(
        app_id=app_id, stripe_account_id=stripe_account.id, api_key=Secret(stripe_account.secret_key)
    )
    env = environment(stripe_account.sandbox.url)
    arguments = command("reconcile", "--app", str(app_id))
    for moment in moments():
        run_and_kill(arguments, env, lambda: SyncRun.objects.filter(app_id=app_id).exists(), moment)
    last = subprocess.run(arguments, env=env, check=False, capture_output=True, text=True)
    assert last.returncode == 0, last.stderr
    assert not SyncRun.objects.filter(app_id=app_id).exclude(state="done").exists()
    listed = {
        customer.id for customer in stripe_account.client.v1.customers.list({"limit": 100}).auto_paging_iter()
    }
    mirrored = Customer.objects.filter(
        connection=Connection.objects.get(pk=connection.pk), deleted=False, rank__gt=0
    )
    assert set(mirrored.values_list("stripe_id", flat=True)) == listed
