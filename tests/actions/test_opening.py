"""What a click reads in one statement, and the lock that it takes with it."""

import uuid
from decimal import Decimal

import pytest
from cryptography.fernet import InvalidToken
from django.db import connection as database

from actions.models import ActionConfig
from actions.opening import Opening, open_click
from connector.models import Connection
from sync.locks import hold_within
from sync.models import Identity, Price, Product
from tests.factories import make_app, make_connection

pytestmark = pytest.mark.django_db


def locks_held() -> int:
    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        return int(cursor.fetchone()[0])


def opened(app_id: uuid.UUID, *, user_id: str = "user-1") -> Opening | None:
    lock = f"test:{app_id}"
    found = open_click(app_id=app_id, prompt_id="p", interaction="accept", user_id=user_id, lock=lock)
    if found:
        assert locks_held() == 1
        with hold_within(lock, 1000, has_it=found.has_lock) as held:
            assert held
    assert locks_held() == 0
    return found


def test_it_reads_what_the_orm_reads() -> None:
    app_id = make_app().id
    test, live = make_connection(app_id=app_id, livemode=False), make_connection(app_id=app_id, livemode=True)
    link = Identity.objects.create(app_id=app_id, user_id="user-1", stripe_id="cus_1")
    common = {"app_id": app_id, "prompt_id": "p", "interaction": "accept", "parameters": {"a": [1, None]}}
    ActionConfig.objects.create(position=0, action="pause", enabled=False, **common)
    last = ActionConfig.objects.create(position=2, action="resume", target=["price_1"], **common)
    first = ActionConfig.objects.create(position=1, action="pause", **common)

    found = opened(app_id)

    assert found is not None
    assert (found.connection, found.identity, found.configured.actions) == (live, link, (first, last))
    assert found.connection.api_key == live.api_key
    names = [field.attname for field in ActionConfig._meta.concrete_fields]
    assert [vars(found.configured.actions[1])[name] for name in names] == [getattr(last, name) for name in names]
    Connection.objects.filter(pk=live.pk).update(status="error")
    assert (found := opened(app_id, user_id="nobody"))
    assert (found.connection, found.identity) == (test, None)


def test_it_brings_the_plans_that_its_actions_name() -> None:
    made = make_connection()
    row = {"connection": made, "rank": 1, "product": "prod_1", "currency": "usd", "interval": "month"}
    # No float has this amount.
    price = Price.objects.create(stripe_id="price_1", unit_amount=Decimal("0.100000000001"), **row)
    Price.objects.create(stripe_id="price_2", **row)
    Price.objects.create(stripe_id="price_1", **row | {"connection": make_connection()})
    Product.objects.create(connection=made, stripe_id="prod_1", rank=1, name="Pro", active=False)
    for position, parameters in enumerate([{"price": "price_1"}, {"price": "price_gone"}, {"price": None}, {}]):
        ActionConfig.objects.create(
            app_id=made.app_id, prompt_id="p", interaction="accept", position=position, parameters=parameters
        )

    found = opened(made.app_id)

    assert found is not None
    (plan,) = found.plans.values()
    stored = Price.objects.get(pk=price.pk)
    names = [field.attname for field in Price._meta.concrete_fields]
    assert {name: vars(plan)[name] for name in names} == {name: getattr(stored, name) for name in names}
    assert vars(plan)["product_name"] == "Pro"
    assert vars(plan)["of_active_product"] is False


def test_it_takes_no_lock_without_a_connection() -> None:
    assert opened(make_app().id) is None


def test_it_gives_the_lock_back_where_the_key_cannot_be_read() -> None:
    made = make_connection()
    with database.cursor() as cursor:
        table = Connection._meta.db_table
        cursor.execute(f"UPDATE {table} SET api_key = 'not ours' WHERE id = %s", [made.id])  # noqa: S608

    with pytest.raises(InvalidToken):
        opened(made.app_id)

    assert locks_held() == 0
