"""A first load keeps PostgreSQL informed of the tables that it fills."""

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from connector.models import Connection
from sync.models import Customer
from sync.reconciliation import reconcile
from sync.statistics import analyze_what_has_grown
from tests.factories import make_connection
from tests.sandbox_process import StripeAccount

pytestmark = pytest.mark.django_db

CUSTOMERS = Customer._meta.db_table


@pytest.fixture(autouse=True)
def _empty_table() -> None:
    """Other tests leave rows' places behind."""
    with database.cursor() as cursor:
        cursor.execute(f"TRUNCATE {CUSTOMERS}")


def analysed(captured: CaptureQueriesContext) -> bool:
    return any(query["sql"] == f"ANALYZE {CUSTOMERS}" for query in captured)


def add_customers(connection: Connection, numbers: range) -> bool:
    """Whether the table is analysed after them."""
    rows = [Customer(connection=connection, stripe_id=f"cus_{n}", rank=1, email=f"{n}@a.example") for n in numbers]
    Customer.objects.bulk_create(rows)
    with CaptureQueriesContext(database) as captured:
        analyze_what_has_grown()
    return analysed(captured)


def test_it_analyses_a_table_when_it_has_doubled() -> None:
    connection = make_connection()

    assert not add_customers(connection, range(0))
    assert add_customers(connection, range(1000))
    assert not add_customers(connection, range(1000, 1500))
    assert add_customers(connection, range(1500, 3000))


def test_it_analyses_in_the_first_load_only(connection: Connection, stripe_account: StripeAccount) -> None:
    stripe_account.client.v1.customers.create({})

    with CaptureQueriesContext(database) as first:
        reconcile(connection=connection)
    Customer.objects.bulk_create(
        Customer(connection=connection, stripe_id=f"cus_{n}", rank=0) for n in range(1000)
    )
    with CaptureQueriesContext(database) as second:
        reconcile(connection=connection)

    assert (analysed(first), analysed(second)) == (True, False)
