"""Links to customers that no mirror knows: from the link to the traits, by id and by email address."""

from pathlib import Path
from typing import Any

import pytest

from connector.models import Connection
from sync import unknown_customers
from sync.identity import set_identity
from sync.identity_import import import_identities, queue_import, run_waiting_imports
from sync.models import Customer, Night, RefreshRequest, SyncRun, UserTraits
from sync.refresh_queue import EMAIL, request_refresh
from sync.refresh_worker import work_off
from tests.factories import make_connection
from tests.sandbox_process import StripeAccount

pytestmark = pytest.mark.django_db


@pytest.fixture
def write(tmp_path: Path):
    def write_file(*rows: str) -> str:
        (tmp_path / "users.csv").write_text("\n".join(["user_id,stripe_id,email_address", *rows, ""]))
        return str(tmp_path / "users.csv")

    return write_file


@pytest.fixture
def price(stripe_account: StripeAccount) -> str:
    return stripe_account.client.v1.prices.create(
        {
            "product_data": {"name": "Basic"},
            "currency": "usd",
            "unit_amount": 900,
            "recurring": {"interval": "month"},
        }
    ).id


def make_customer(account: StripeAccount, email: str, price: str = "") -> str:
    stripe = account.client.v1
    customer = stripe.customers.create({"email": email}).id
    if price:
        stripe.subscriptions.create({"customer": customer, "items": [{"price": price}], "trial_period_days": 7})
    return customer


def work_off_everything() -> None:
    """As the worker does, without waiting until each request is due."""
    for _ in range(4):
        RefreshRequest.objects.update(not_before="2020-01-01T00:00Z")
        work_off()


def status_of(user_id: str) -> str:
    return UserTraits.objects.get(user_id=user_id).subscription_status


def asked() -> list[tuple[str, str]]:
    return sorted(RefreshRequest.objects.values_list("object_type", "stripe_id"))


def reconciliations(connection: Connection) -> int:
    return SyncRun.objects.filter(connection=connection, kind="reconciliation").count()


def test_it_reads_the_customer_that_a_file_names(
    connection: Connection, stripe_account: StripeAccount, price: str, write
) -> None:
    customer = make_customer(stripe_account, "ada@example.com", price)
    run = import_identities(app_id=connection.app_id, source=write(f"ada,{customer},"))
    assert run.report["customers_to_read"] == [{"livemode": False, "unknown": 1, "reconciles": False}]
    work_off_everything()
    assert status_of("ada") == "trialing"
    assert not RefreshRequest.objects.exists()


@pytest.mark.parametrize("linked", ["ada@example.com", "Ada@Example.com"])
def test_it_reads_every_customer_with_the_email_address_of_a_link(
    connection: Connection, stripe_account: StripeAccount, price: str, write, linked: str
) -> None:
    customers = {make_customer(stripe_account, "ada@example.com", of) for of in (price, "")}
    make_customer(stripe_account, "bob@example.com")
    import_identities(app_id=connection.app_id, source=write(f"ada,,{linked}"))
    assert asked() == [(EMAIL, linked)]
    work_off_everything()
    assert set(Customer.objects.values_list("stripe_id", flat=True)) == customers
    assert status_of("ada") == "trialing"
    assert not RefreshRequest.objects.exists()


def test_it_asks_once_for_an_address_that_nobody_has(connection: Connection, write) -> None:
    import_identities(app_id=connection.app_id, source=write("ada,,nobody@example.com"))
    work_off_everything()
    import_identities(app_id=connection.app_id, source=write("ada,,nobody@example.com"))
    assert not RefreshRequest.objects.exists()
    assert not Customer.objects.exists()


def test_it_asks_in_real_time_by_the_same_rules(
    connection: Connection, stripe_account: StripeAccount, price: str
) -> None:
    make_customer(stripe_account, "ada@example.com", price)
    link: dict[str, Any] = {"app_id": connection.app_id, "user_id": "ada", "stripe_id": ""}
    set_identity(**link, email_address="ada@example.com")
    work_off_everything()
    assert status_of("ada") == "trialing"
    set_identity(**{**link, "stripe_id": "cus_nobody"}, email_address="ada@example.com")
    assert asked() == [("customer", "cus_nobody")]
    RefreshRequest.objects.all().delete()
    set_identity(**{**link, "stripe_id": "cus_nobody"}, email_address="ada@example.com")
    assert asked() == []


def test_it_asks_only_for_customers_that_are_unknown_to_the_app_s_own_connections(write) -> None:
    mine, other = make_connection(), make_connection()
    Customer.objects.create(connection=mine, stripe_id="cus_1", email="Ada@Example.com", rank=3)
    Customer.objects.create(connection=mine, stripe_id="cus_named_only", rank=0)
    Customer.objects.create(connection=other, stripe_id="cus_2", email="bob@example.com", rank=3)
    rows = [
        "a,cus_1,",
        "b,cus_named_only,",
        "c,cus_2,",
        "d,,ada@example.com",
        "e,,bob@example.com",
        "f,cus_2,x@y.z",
    ]
    import_identities(app_id=mine.app_id, source=write(*rows))
    assert asked() == [("customer", "cus_2"), ("customer", "cus_named_only"), (EMAIL, "bob@example.com")]
    assert not RefreshRequest.objects.exclude(connection=mine).exists()


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Rows of three users; three are many."""
    monkeypatch.setattr(unknown_customers, "FEW", 2)
    return ["a,cus_1,", "b,cus_2,", "c,,c@example.com"]


def test_it_starts_a_reconciliation_where_that_takes_fewer_requests(many: list[str], write) -> None:
    connection = make_connection()
    run = import_identities(app_id=connection.app_id, source=write(*many))
    assert run.report["customers_to_read"] == [{"livemode": False, "unknown": 3, "reconciles": True}]
    assert asked() == []
    (started,) = SyncRun.objects.filter(connection=connection, kind="reconciliation")
    assert (started.state, started.ranges.count()) == (SyncRun.State.RUNNING, 2)


def test_it_asks_one_by_one_where_a_reconciliation_takes_more_requests(
    many: list[str], write, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = make_connection()
    monkeypatch.setattr(unknown_customers, "_PAGE", 1)
    Customer.objects.bulk_create(Customer(connection=connection, stripe_id=f"cus_x{n}", rank=1) for n in range(6))
    import_identities(app_id=connection.app_id, source=write(*many))
    assert len(asked()) == 3
    assert reconciliations(connection) == 0


def test_it_starts_no_reconciliation_of_a_dry_run(many: list[str], write) -> None:
    connection = make_connection()
    import_identities(app_id=connection.app_id, source=write(*many), dry_run=True)
    assert (reconciliations(connection), asked()) == (0, [])


def test_it_starts_no_reconciliation_that_cannot_read(many: list[str], write) -> None:
    connection = make_connection(status=Connection.Status.INACTIVE)
    import_identities(app_id=connection.app_id, source=write(*many))
    assert reconciliations(connection) == 0


def test_it_leaves_the_rest_of_the_night_to_read_everything(many: list[str], write) -> None:
    connection = make_connection()
    night = Night.objects.create(connection=connection, local_date="2026-01-01")
    queue_import(app_id=connection.app_id, connection=connection, night=night, source=write(*many))
    assert run_waiting_imports(app_id=connection.app_id) == 1
    assert reconciliations(connection) == 0


def test_it_settles_doubts_before_it_reads_new_customers(connection: Connection) -> None:
    request_refresh(connection_id=connection.pk, stripe_id="cus_new", reason="linked")
    request_refresh(connection_id=connection.pk, stripe_id="cus_doubted", reason="same second", min_rank=3)
    RefreshRequest.objects.filter(stripe_id="cus_new").update(not_before="2020-01-01T00:00Z")
    RefreshRequest.objects.filter(stripe_id="cus_doubted").update(not_before="2021-01-01T00:00Z")
    work_off(limit=1)
    assert asked() == [("customer", "cus_new")]
