"""How PostgreSQL finds the users of a customer, and what hangs on it."""

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sync.models import Coupon, Customer, Discount, Identity, PaymentMethod, Product, Subscription, UserTraits
from sync.projection import project_customers
from tests.factories import make_connection
from tests.plans import read_whole, steps_of

pytestmark = pytest.mark.django_db

ITEM = {
    "id": "si_1", "price": "price_1", "quantity": 1, "unit_amount": "900", "currency": "usd", "interval": "month",
    "interval_count": 1, "usage_type": "licensed", "created": 1, "current_period_start": 1, "current_period_end": 2,
}  # fmt: skip


ONCE = {"stripe_connector_connection", "stripe_sync_usertraits"}
"""Read once whatever is touched, where that costs less than some look-ups."""


@pytest.mark.parametrize(("many", "whole"), [(400, ONCE), (1500, {"stripe_connector_connection"})])
def test_it_reads_no_table_of_an_app_from_end_to_end(many: int, whole: set[str]) -> None:
    made = make_connection()
    row = {"connection": made, "rank": 1}
    numbers, now = range(many), timezone.now()
    Identity.objects.bulk_create(
        Identity(app_id=made.app_id, user_id=f"user-{n}", stripe_id=f"cus_{n}") for n in numbers
    )
    Customer.objects.bulk_create(Customer(**row, stripe_id=f"cus_{n}", email=f"{n}@a.example") for n in numbers)
    Subscription.objects.bulk_create(
        Subscription(
            **row, stripe_id=f"sub_{n}", customer=f"cus_{n}", created=now, items=[ITEM | {"product": f"prod_{n}"}]
        )
        for n in numbers
    )
    Product.objects.bulk_create(Product(**row, stripe_id=f"prod_{n}", name=f"Plan {n}") for n in numbers)
    Coupon.objects.bulk_create(Coupon(**row, stripe_id=f"coupon_{n}") for n in numbers)
    Discount.objects.bulk_create(
        Discount(**row, stripe_id=f"di_{n}", customer=f"cus_{n}", coupon=f"coupon_{n}") for n in numbers
    )
    PaymentMethod.objects.bulk_create(PaymentMethod(**row, stripe_id=f"pm_{n}") for n in numbers)
    UserTraits.objects.bulk_create(
        UserTraits(app_id=made.app_id, livemode=made.livemode, user_id=f"user-{n}", updated_at=now)
        for n in numbers
    )
    with database.cursor() as cursor:
        cursor.execute("ANALYZE")
    with CaptureQueriesContext(database) as captured:
        project_customers(connection=made, customers=["cus_7"], source={})

    (lock,) = (query["sql"] for query in captured if "touched AS MATERIALIZED" in query["sql"])
    assert read_whole(steps_of(lock)) <= whole
