"""Statements that are worded once: the same rows as the ORM's, and guarded updates."""

import uuid

import pytest
from django.db import connection as database
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from connector.crypto import Secret
from connector.models import Connection
from connector.prepared import Prepared, PreparedUpdate, given, rows_from_json
from engage_stripe.standalone.models import App
from tests.factories import make_app, make_connection

pytestmark = pytest.mark.django_db

OF_APP = Prepared(lambda: Connection.objects.filter(app_id=given("app_id")).order_by("-livemode"))


def test_it_reads_whole_rows_like_the_orm() -> None:
    made = make_connection(api_key=Secret("sk_test_abc"), permissions={"rak_customer_write": {"state": "granted"}})

    (found,) = OF_APP.all(app_id=made.app_id)

    expected = Connection.objects.get(pk=made.pk)
    assert {field.attname: getattr(found, field.attname) for field in Connection._meta.concrete_fields} == {
        field.attname: getattr(expected, field.attname) for field in Connection._meta.concrete_fields
    }
    assert found.api_key.reveal() == "sk_test_abc"
    assert not found._state.adding


def test_it_reads_only_what_was_asked_for() -> None:
    make_connection()

    named = Prepared(lambda: Connection.objects.filter(stripe_account_id=given("account")))

    assert OF_APP.first(app_id=uuid.uuid4()) is None
    assert named.all(account="' OR true --") == []


def test_it_defers_what_is_not_asked_for() -> None:
    made = make_connection(display_name="Shop", api_key=Secret("sk_test_abc"))
    few = Prepared(lambda: Connection.objects.only("api_key", "app_id").filter(id=given("id")))

    found = few.first(id=made.id)

    assert found is not None
    assert found.get_deferred_fields() >= {"display_name", "permissions"}
    assert (found.pk, found.app_id, found.api_key.reveal()) == (made.pk, made.app_id, "sk_test_abc")
    assert found.display_name == "Shop"


def test_it_brings_annotations_along() -> None:
    app = make_app(company="Acme")
    named = Prepared(lambda: App.objects.annotate(employer=F("company__name")).filter(id=given("id")))

    with CaptureQueriesContext(database) as captured:
        found = named.first(id=app.id)

    assert vars(found)["employer"] == "Acme"
    assert len(captured) == 1


def test_it_updates_the_named_fields_where_the_condition_holds() -> None:
    made = make_connection(display_name="Before")
    update = PreparedUpdate(Connection, ["display_name", "permissions"], condition="status = 'active'")
    made.display_name, made.permissions, made.status_reason = "After", {"rak_plan_read": {}}, "not named"

    assert update.save(made)
    stored = Connection.objects.get(pk=made.pk)
    assert (stored.display_name, stored.permissions, stored.status_reason) == ("After", {"rak_plan_read": {}}, "")

    Connection.objects.update(status="error")
    made.display_name = "Too late"
    assert not update.save(made)
    assert Connection.objects.get(pk=made.pk).display_name == "After"


def test_it_makes_the_orms_rows_of_json() -> None:
    app = make_app(domains=["shop.example"])
    with database.cursor() as cursor:
        cursor.execute(f"SELECT json_agg(a)::text FROM {App._meta.db_table} a WHERE id = %s", [app.id])  # noqa: S608
        (found,) = rows_from_json(App, cursor.fetchone()[0])

    expected = App.objects.get(pk=app.id)
    names = [field.attname for field in App._meta.concrete_fields]
    assert [getattr(found, name) for name in names] == [getattr(expected, name) for name in names]
    assert rows_from_json(App, None) == []
