"""Imports and reconciliations that are killed with SIGKILL at random points end like undisturbed ones."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings as django_settings
from django.db.models import Model, Q

from connector.crypto import Secret
from connector.models import Connection
from sync.models import (
    Customer,
    Discount,
    Identity,
    IdentitySource,
    PaymentMethod,
    PendingProjection,
    Product,
    RefreshRequest,
    Subscription,
    SyncRun,
    TraitHistory,
    UserTraits,
)  # fmt: skip
from sync.nights import queue_new_files
from sync.observations import apply_objects
from sync.reconciliation import reconcile
from tests.factories import Tenant, make_app, make_connection
from tests.faults.conftest import MailServer
from tests.faults.live_processes import database_url
from tests.sandbox_process import StripeAccount
from tests.sync import stripe_shapes as shapes
from tests.sync.conftest import let_time_pass
from tests.sync.stores.conftest import list_names, write
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

POINTS = 10
USERS = 120
LINKED_BEFORE = 40
SUBSCRIPTIONS = 130


class Mortals:
    """Processes that do one job each."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def do(self, job: str, id: object) -> None:
        """To the end."""
        assert "steps" in self._ask(job, id, None)

    def count(self, job: str, id: object) -> int:
        """The number of steps that the job took."""
        return self._ask(job, id, 0)["steps"]

    def kill(self, job: str, id: object, *, at: int) -> None:
        """Begin the job; it is killed at this step."""
        assert self._ask(job, id, at) == {"signal": signal.SIGKILL}

    def _ask(self, job: str, id: object, die_at: int | None) -> dict[str, int]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"job": job, "id": str(id), "die_at": die_at}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, int] = json.loads(self._process.stdout.readline())
        return answer


@pytest.fixture
def mortals(request: pytest.FixtureRequest, tmp_path: Path, mail_server: MailServer) -> Iterator[Mortals]:
    stripe_url = request.getfixturevalue("sandbox").url
    environment = {
        "DJANGO_SETTINGS_MODULE": "engage_stripe.settings",
        "DATABASE_URL": database_url(),
        "REDIS_URL": django_settings.REDIS_URL,
        "SECRET_KEY": django_settings.SECRET_KEY,
        "FIELD_ENCRYPTION_KEYS": ",".join(django_settings.ENGAGE_STRIPE["FIELD_ENCRYPTION_KEYS"]),
        "STRIPE_API_BASE": stripe_url,
        "STRIPE_TEST_REQUESTS_PER_SECOND": "1000",
        "IDENTITY_FOLDERS": str(tmp_path),
        "EMAIL_URL": f"smtp://127.0.0.1:{mail_server.port}",
    }
    command = [sys.executable, "-m", "tests.faults.mortal"]
    with subprocess.Popen(
        command, env={**os.environ, **environment}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Mortals(process)


def restart(mortals: Mortals, job: str, id: object, *, app_id: UUID) -> None:
    """As the tick does: again while the locks of the dead are not free yet, which PostgreSQL notices soon."""
    runs = SyncRun.objects.filter(app_id=app_id)

    def has_ended() -> bool:
        return runs.exists() and not runs.filter(Q(state__in=SyncRun.OPEN) | Q(follow_up=True)).exists()

    def ends() -> bool:
        if not has_ended():
            mortals.do(job, id)
        return has_ended()

    wait_until(ends, seconds=20, otherwise="a restart did not end what was killed")


def random_points(steps: int) -> list[int]:
    """Where to die, of so many steps: anywhere, but the same in every run of this test."""
    chance = random.Random(6)
    return sorted(chance.randrange(round(steps * part / POINTS), round(steps * (part + 1) / POINTS)) + 1
                  for part in range(POINTS))  # fmt: skip


def columns(rows: Iterable[Model], *left_out: str) -> list[dict[str, Any]]:
    """Sorted, without what tells one App or one moment from another."""
    ignored = {"id", "connection_id", "app_id", "rank", "payment_rank", *left_out}
    plain = [
        {name: value for name, value in vars(row).items() if name not in ignored and name[0] != "_"}
        for row in rows
    ]
    return sorted(plain, key=lambda row: json.dumps(row, default=str, sort_keys=True))


def state_of(app_id: UUID) -> dict[str, Any]:
    """Everything that an import or a reconciliation leaves behind, its report included."""
    connection = Connection.objects.get(app_id=app_id)
    run = SyncRun.objects.filter(app_id=app_id).latest("created_at")
    mirrors = (Customer, Subscription, Discount, PaymentMethod, Product)
    return {
        **{model.__name__: columns(model.objects.filter(connection=connection)) for model in mirrors},
        "identities": columns(Identity.objects.filter(app_id=app_id), "updated_at"),
        "traits": columns(UserTraits.objects.filter(app_id=app_id), "sources", "version", "updated_at"),
        "history": columns(TraitHistory.objects.filter(app_id=app_id), "source", "at"),
        "pending": PendingProjection.objects.filter(app_id=app_id).count(),
        "to be asked": set(
            RefreshRequest.objects.filter(connection=connection).values_list("stripe_id", "reason")
        ),
        "run": (run.state, run.error, run.report, run.follow_up),
        "counts": {name: count for name, count in run.counts.items() if name != "requests"},
        "lines": columns(run.row_errors.all(), "run_id"),
        "drifts": columns(run.drifts.all(), "run_id", "since", "found_at"),
        "arrived": [bool(connection.last_identities_at), bool(connection.last_reconciliation_at)],
        "open": SyncRun.objects.filter(app_id=app_id, state__in=SyncRun.OPEN).count(),
    }


# Imports


def objects_at_stripe() -> list[dict[str, Any]]:
    customers = [shapes.customer(id=f"cus_{n}") for n in range(2 * LINKED_BEFORE)]
    subscriptions = [
        shapes.subscription(id=f"sub_{n}", customer=f"cus_{n}") for n in range(0, 2 * LINKED_BEFORE, 2)
    ]
    return [*customers, *subscriptions, shapes.product()]


def make_import(tenant: Tenant, folder: Path) -> None:
    """A full file waits that adds, changes, removes, repeats and has bad lines; some customers are not mirrored."""
    connection = make_connection(app_id=tenant.id)
    tenant.client()  # an admin, to be told
    apply_objects(connection=connection, objects=objects_at_stripe(), rank=2 * shapes.NOW + 1, source={})
    Identity.objects.bulk_create(
        Identity(app_id=tenant.id, user_id=f"u{n}", stripe_id=f"cus_{n + (n % 5 == 0)}")
        for n in range(LINKED_BEFORE)
    )
    rows = [f"u{n},cus_{n}" for n in range(LINKED_BEFORE // 5, USERS)]
    rows[100:100] = ["u50,cus_51", "", "nobody,", '"quoted ""user""",cus_7']
    write(folder, "users.csv", "user_id,stripe_id\n" + "\n".join(rows) + "\n", 7200)
    IdentitySource.objects.create(app_id=tenant.id, connection=connection, url=folder.as_uri(), mode="full")
    queue_new_files(IdentitySource.objects.get(app_id=tenant.id))
    waiting = SyncRun.objects.get(app_id=tenant.id)
    waiting.options = {**waiting.options, "email": True}
    waiting.save()


def end_of_import(tenant: Tenant, folder: Path) -> dict[str, Any]:
    return {**state_of(tenant.id), "files": [name.partition("-")[2] for name in list_names(folder)]}


def test_it_imports_as_if_nobody_had_killed_it(
    mortals: Mortals, tmp_path: Path, settings: Any, mail_server: MailServer
) -> None:
    settings.ENGAGE_STRIPE = {**settings.ENGAGE_STRIPE, "IDENTITY_FOLDERS": [str(tmp_path)]}
    tenants = [make_app() for _ in range(POINTS + 1)]
    folders = [tmp_path / str(tenant.id) for tenant in tenants]
    for tenant, folder in zip(tenants, folders, strict=True):
        make_import(tenant, folder)
    steps = mortals.count("import", tenants[0].id)
    undisturbed = end_of_import(tenants[0], folders[0])
    assert undisturbed["run"][0] == SyncRun.State.DONE
    assert (len(undisturbed["identities"]), undisturbed["files"]) == (USERS - 8 + 1, ["users.csv"])
    assert len(mail_server.messages) == 1

    for point, tenant, folder in zip(random_points(steps), tenants[1:], folders[1:], strict=True):
        mail_server.messages.clear()
        mortals.kill("import", tenant.id, at=point)
        restart(mortals, "import", tenant.id, app_id=tenant.id)
        assert end_of_import(tenant, folder) == undisturbed, f"killed at step {point} of {steps}"
        assert len(mail_server.messages) == 1


# Reconciliations


def test_it_reconciles_as_if_nobody_had_killed_it(
    mortals: Mortals, stripe_account: StripeAccount, settings: Any
) -> None:
    settings.ENGAGE_STRIPE = {
        **settings.ENGAGE_STRIPE,
        "STRIPE_API_BASE": stripe_account.sandbox.url,
        "REQUESTS_PER_SECOND": {"live": 1000, "test": 1000},
    }
    stripe_account.sandbox.admin("POST", "generate", account=stripe_account.id, subscriptions=SUBSCRIPTIONS)
    first = connect(stripe_account)
    reconcile(connection=first)
    connections = [first, *(copy_of(first, stripe_account) for _ in range(POINTS))]
    change_things(stripe_account)

    steps = mortals.count("reconcile", first.pk)
    undisturbed = state_of(first.app_id)
    assert undisturbed["run"][0] == SyncRun.State.DONE
    assert {drift["resource"] for drift in undisturbed["drifts"]} == {"customers", "subscriptions"}
    assert undisturbed["counts"]["gone"] == 4

    for point, connection in zip(random_points(steps), connections[1:], strict=True):
        mortals.kill("reconcile", connection.pk, at=point)
        restart(mortals, "reconcile", connection.pk, app_id=connection.app_id)
        assert state_of(connection.app_id) == undisturbed, f"killed at step {point} of {steps}"


def connect(account: StripeAccount) -> Connection:
    return make_connection(
        app_id=make_app().id,
        stripe_account_id=account.id,
        api_key=Secret(account.secret_key),
        permissions={"rak_payment_method_read": {"state": "granted", "message": ""}},
    )


def copy_of(first: Connection, account: StripeAccount) -> Connection:
    """Another App's connection to the same account, and all that the first one's reconciliation left."""
    copy = connect(account)
    Connection.objects.filter(pk=copy.pk).update(last_reconciliation_at=first.created_at)
    for model in (Customer, Subscription, Discount, PaymentMethod, Product):
        rows = list(model.objects.filter(connection=first))
        for row in rows:
            row.pk, row.connection = None, copy
        model.objects.bulk_create(rows)
    return copy


def change_things(account: StripeAccount) -> None:
    """Of which no event tells: customers and subscriptions change, come and go."""
    stripe = account.client.v1
    let_time_pass(account.sandbox, 60)
    customers = [one.id for one in stripe.customers.list({"limit": 100}).data]
    live = [one.id for one in stripe.subscriptions.list({"limit": 60, "status": "active"}).data]
    for customer in customers[:4]:
        stripe.customers.delete(customer)
    for customer in customers[10:16]:
        stripe.customers.update(customer, {"email": f"new-{customer}@example.com"})
    for subscription in live[20:26]:
        stripe.subscriptions.update(subscription, {"cancel_at_period_end": True})
    for _ in range(3):
        stripe.customers.create({})
    let_time_pass(account.sandbox, 60)
