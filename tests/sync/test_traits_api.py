"""``GET users/{user_id}/traits/`` and ``GET traits/``."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection as database
from django.db import transaction
from django.test import Client
from django.utils import timezone

from connector.models import Connection
from sync.identity import set_identity
from sync.models import Identity, RefreshRequest, SyncRun
from sync.observations import apply_objects
from sync.projection import project_users
from tests.factories import Tenant, make_app, make_connection
from tests.sync import stripe_shapes as shapes
from tests.waiting import wait_until

RANK = 2 * shapes.NOW + 1


@pytest.fixture
def tenant(db: None) -> Tenant:
    return make_app()


@pytest.fixture
def connection(tenant: Tenant) -> Connection:
    connection = make_connection(app_id=tenant.id)
    Identity.objects.create(app_id=tenant.id, user_id="ada", stripe_id="cus_1")
    apply_objects(
        connection=connection,
        objects=[shapes.customer(), shapes.subscription(), shapes.product()],
        rank=RANK,
        source={},
    )
    return connection


def get(tenant: Tenant, path: str) -> tuple[int, dict[str, object]]:
    answer = Client().get(f"/api/v1/{path}", headers=tenant.api_headers)
    return answer.status_code, answer.json()


def test_it_answers_the_fifteen_traits(tenant: Tenant, connection: Connection) -> None:
    status, answer = get(tenant, "users/ada/traits/")

    assert status == 200
    assert answer["traits"]["subscription_plan"] == "Basic"
    assert answer["traits"]["current_period_end"] == "2026-10-21T14:13:20Z"
    assert answer["traits"]["coupon"] is None
    assert len(answer["traits"]) == 15
    assert answer["stale"] is False


def test_it_knows_nobody_of_another_app(tenant: Tenant, connection: Connection) -> None:
    other = make_app()
    make_connection(app_id=other.id)
    status, answer = get(other, "users/ada/traits/")
    assert (status, answer["error"]["code"]) == (404, "user_not_found")
    assert get(other, "traits/")[1]["results"] == []


def test_it_refuses_a_wrong_key(tenant: Tenant) -> None:
    assert Client().get("/api/v1/traits/").status_code == 401


def test_it_answers_none_for_a_user_without_a_customer(tenant: Tenant) -> None:
    Identity.objects.create(app_id=tenant.id, user_id="bob", email_address="bob@example.com")
    status, answer = get(tenant, "users/bob/traits/")
    assert (status, answer["traits"]["subscription_status"]) == (200, "NONE")


def stale(tenant: Tenant, *user_ids: str) -> list[object]:
    return [get(tenant, f"users/{user_id}/traits/")[1]["stale"] for user_id in user_ids]


def test_it_calls_users_stale_until_their_customer_is_read(tenant: Tenant, connection: Connection) -> None:
    Connection.objects.filter(pk=connection.pk).update(last_reconciliation_at=timezone.now())
    set_identity(app_id=tenant.id, user_id="bob", stripe_id="cus_bob", email_address="")
    set_identity(app_id=tenant.id, user_id="eve", stripe_id="", email_address="eve@example.com")
    assert stale(tenant, "ada", "bob", "eve") == [False, True, True]

    RefreshRequest.objects.all().delete()
    assert stale(tenant, "ada", "bob", "eve") == [False, False, False]

    set_identity(app_id=tenant.id, user_id="ada", stripe_id="cus_other", email_address="")
    assert stale(tenant, "ada", "bob", "eve") == [True, False, False]


def test_it_calls_users_without_a_customer_stale_while_everything_is_read(
    tenant: Tenant, connection: Connection
) -> None:
    for user in ("bob", "eve"):
        Identity.objects.create(app_id=tenant.id, user_id=user, stripe_id=f"cus_{user}")
    project_users(app_id=tenant.id, user_ids=["bob"], source={})
    assert stale(tenant, "ada", "bob", "eve") == [False, True, True]  # nothing was ever read

    Connection.objects.filter(pk=connection.pk).update(last_reconciliation_at=timezone.now())
    assert stale(tenant, "ada", "bob", "eve") == [False, False, False]
    SyncRun.objects.create(app_id=tenant.id, connection=connection, kind="reconciliation", state="running")
    assert stale(tenant, "ada", "bob", "eve") == [False, True, True]


@pytest.mark.django_db(transaction=True)
def test_it_lists_each_change_once_by_cursor() -> None:
    tenant = make_app()
    connection = make_connection(app_id=tenant.id)
    for user in ("ada", "bob"):
        Identity.objects.create(app_id=tenant.id, user_id=user, stripe_id=f"cus_{user}")
    for user in ("ada", "bob"):
        apply_objects(connection=connection, objects=[shapes.customer(id=f"cus_{user}")], rank=RANK, source={})

    # A change is listed once no older transaction, of autovacuum for example, can add one before it.
    wait_until(lambda: len(get(tenant, "traits/")[1]["results"]) == 2, seconds=60, otherwise="never listed")
    _, first = get(tenant, "traits/?limit=1")
    assert ([one["user_id"] for one in first["results"]], first["has_more"]) == (["ada"], True)
    _, second = get(tenant, f"traits/?cursor={first['cursor']}")
    assert ([one["user_id"] for one in second["results"]], second["has_more"]) == (["bob"], False)
    assert get(tenant, f"traits/?cursor={second['cursor']}")[1]["results"] == []

    apply_objects(
        connection=connection, objects=[shapes.customer(id="cus_ada", delinquent=True)], rank=RANK + 2, source={}
    )
    after = f"traits/?cursor={second['cursor']}"
    wait_until(lambda: bool(get(tenant, after)[1]["results"]), seconds=60, otherwise="never listed")
    _, third = get(tenant, after)
    assert [one["user_id"] for one in third["results"]] == ["ada"]
    assert get(tenant, "traits/?updated_since=2099-01-01T00:00:00Z")[1]["results"] == []


@contextmanager
def a_running_transaction(name: str) -> Iterator[None]:
    """A transaction with an id of its own in the database of this name."""
    other: Any = database.copy("other")
    options = {key: value for key, value in database.settings_dict["OPTIONS"].items() if key != "pool"}
    other.settings_dict = {**database.settings_dict, "NAME": name, "OPTIONS": options}
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()")
        yield
        other.rollback()
    finally:
        other.close()


@pytest.mark.django_db(transaction=True)
def test_it_waits_for_older_transactions_of_this_database_only() -> None:
    tenant = make_app()
    connection = make_connection(app_id=tenant.id)
    Identity.objects.create(app_id=tenant.id, user_id="ada", stripe_id="cus_ada")

    def change(delinquent: bool, rank: int) -> None:
        customer = shapes.customer(id="cus_ada", delinquent=delinquent)
        apply_objects(connection=connection, objects=[customer], rank=rank, source={})

    with a_running_transaction("postgres"):
        change(False, RANK)
        wait_until(lambda: len(get(tenant, "traits/")[1]["results"]) == 1, seconds=60, otherwise="never listed")
    cursor = get(tenant, "traits/")[1]["cursor"]
    with a_running_transaction(database.settings_dict["NAME"]):
        change(True, RANK + 2)
        assert get(tenant, f"traits/?cursor={cursor}")[1]["results"] == []
    wait_until(
        lambda: len(get(tenant, f"traits/?cursor={cursor}")[1]["results"]) == 1,
        seconds=60,
        otherwise="never listed",
    )


@pytest.mark.django_db(transaction=True)
def test_it_lists_no_change_that_a_crash_could_take_back() -> None:
    """Another change could get its transaction id, and a reader who goes on from there would never see that one."""
    tenant = make_app()
    connection = make_connection(app_id=tenant.id)
    Identity.objects.create(app_id=tenant.id, user_id="ada", stripe_id="cus_ada")
    with database.cursor() as cursor:
        with transaction.atomic():
            cursor.execute("SET LOCAL synchronous_commit = off")
            apply_objects(connection=connection, objects=[shapes.customer(id="cus_ada")], rank=RANK, source={})
        cursor.execute("SELECT pg_current_wal_insert_lsn()")
        (written,) = cursor.fetchone()

        wait_until(lambda: len(get(tenant, "traits/")[1]["results"]) == 1, seconds=60, otherwise="never listed")

        cursor.execute("SELECT pg_current_wal_flush_lsn() >= %s::pg_lsn", [written])
        assert cursor.fetchone() == (True,)


def test_it_refuses_a_cursor_that_is_not_ours(tenant: Tenant, connection: Connection) -> None:
    for cursor in ("nonsense", "live.1.1", "test.1", "test.x.1", f"test.{'9' * 60}.1"):
        status, answer = get(tenant, f"traits/?cursor={cursor}")
        assert (status, answer["error"]["code"]) == (400, "invalid_cursor")


def test_it_prints_the_same_on_the_command_line(
    tenant: Tenant, connection: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("user_traits", "ada", app=str(tenant.id), json=True)
    assert '"subscription_plan": "Basic"' in capsys.readouterr().out
