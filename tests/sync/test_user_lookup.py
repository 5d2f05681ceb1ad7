"""The user lookup page."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from connector.host import Role
from connector.models import Connection
from sync import inbox
from sync.models import Identity, StripeEvent, TraitHistory
from sync.observations import apply_objects
from sync.retention import HISTORY, forget_old
from sync.user_lookup import look_up
from tests.factories import Tenant, make_app, make_connection
from tests.sync import stripe_shapes as shapes
from tests.sync.webhook_requests import deliver

pytestmark = pytest.mark.django_db
URL = "/settings/users/lookup/"


@pytest.fixture
def tenant() -> Tenant:
    tenant = make_app()
    connection = make_connection(app_id=tenant.id)
    Identity.objects.create(app_id=tenant.id, user_id="ada", stripe_id="cus_1")
    objects = [shapes.customer(), shapes.product(), shapes.subscription()]
    apply_objects(connection=connection, objects=objects, rank=2 * shapes.NOW - 99, source={"request": "req_1"})
    updated = shapes.event("customer.subscription.updated", shapes.subscription(status="past_due"))
    deliver(connection, updated)
    inbox.drain()
    return tenant


def test_it_shows_traits_with_their_history_and_source(tenant: Tenant) -> None:
    page = tenant.client().get(URL, {"user_id": "ada"}).content.decode()
    assert "past_due" in page
    assert "customer.subscription.updated (evt_" in page
    assert "Read from Stripe (req_1)" in page
    assert "cus_1" in page
    assert "sub_1" in page


def test_it_answers_a_partial_to_htmx(tenant: Tenant) -> None:
    page = tenant.client().get(URL, {"user_id": "ada"}, headers={"HX-Request": "true", "HX-Target": "user"})
    assert "<html" not in page.content.decode()
    assert "past_due" in page.content.decode()


def test_it_finds_nobody_of_another_app(tenant: Tenant) -> None:
    page = make_app().client().get(URL, {"user_id": "ada"})
    assert page.status_code == 404
    assert "No such user" in page.content.decode()


@pytest.mark.parametrize("role", [Role.APP_MEMBER, Role.READ_ONLY])
def test_it_is_for_admins(tenant: Tenant, role: Role) -> None:
    assert tenant.client(role).get(URL).status_code == 403


def test_it_asks_for_a_user_first(tenant: Tenant) -> None:
    assert tenant.client().get(URL).status_code == 200


def test_it_says_which_permission_the_card_traits_wait_for(tenant: Tenant) -> None:
    page = tenant.client().get(URL, {"user_id": "ada"}).content.decode()
    assert page.count("The Stripe key lacks Payment Methods → Read.") == 4


def test_it_shows_a_value_before_however_many_changes_came_since(tenant: Tenant) -> None:
    connection = Connection.objects.get(app_id=tenant.id)
    for number in range(25):  # the page lists fewer changes than these
        plan = shapes.subscription(status="past_due", cancel_at_period_end=number % 2 == 0)
        rank = 2 * (shapes.NOW + 10 * number) + 1
        apply_objects(connection=connection, objects=[plan], rank=rank, source={"request": f"req_{number}"})
    found = look_up(app_id=tenant.id, user_id="ada")
    assert found is not None
    status = next(line for line in found.traits if line.name == "subscription_status")
    assert status.former == ["active"]
    assert all("subscription_status" not in entry.changes for entry in found.history)


def test_it_names_what_set_a_trait_after_its_history_has_expired(tenant: Tenant) -> None:
    TraitHistory.objects.filter(app_id=tenant.id).update(at=timezone.now() - HISTORY - timedelta(days=1))
    forget_old()
    assert not TraitHistory.objects.filter(app_id=tenant.id).exists()
    found = look_up(app_id=tenant.id, user_id="ada")
    assert found is not None
    status = next(line for line in found.traits if line.name == "subscription_status")
    assert (status.source["type"], status.former) == ("customer.subscription.updated", [])
    assert status.set_at is not None
    assert timezone.now() - status.set_at < timedelta(minutes=5)


def test_it_finds_events_however_many_others_came_since(tenant: Tenant) -> None:
    connection = Connection.objects.get(app_id=tenant.id)
    (mine,) = StripeEvent.objects.filter(connection=connection)
    assert mine.customer == "cus_1"
    StripeEvent.objects.bulk_create(
        StripeEvent(
            connection=connection, event_id=f"evt_other_{number}", type="customer.updated", state="applied",
            customer=f"cus_other_{number}", created=timezone.now(), livemode=False, not_before=timezone.now(),
        )
        for number in range(5_001)
    )  # fmt: skip
    found = look_up(app_id=tenant.id, user_id="ada")
    assert found is not None
    assert [event.event_id for event in found.events] == [mine.event_id]


def test_it_shows_an_event_that_could_not_be_applied(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = Connection.objects.get(app_id=tenant.id)

    def break_down(*_: Any, **__: Any) -> None:
        raise LookupError("poisoned")

    monkeypatch.setattr(inbox, "apply_observations", break_down)
    deliver(connection, shapes.event("customer.updated", shapes.customer(), created=shapes.NOW + 1))
    inbox.drain()
    page = tenant.client().get(URL, {"user_id": "ada"}).content.decode()
    assert "LookupError: poisoned" in page.replace("&#x27;", "")


def test_it_reads_emails_and_events_through_their_indexes(tenant: Tenant) -> None:
    """What a large account has: nothing may be read row by row."""
    Identity.objects.create(app_id=tenant.id, user_id="eve", email_address="ADA@Example.com")
    with CaptureQueriesContext(database) as captured:
        found = look_up(app_id=tenant.id, user_id="eve")
    assert found is not None
    assert [one.stripe_id for one in found.customers] == ["cus_1"]
    plans = []
    with database.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for query in captured:
            if "stripe_sync_customer" in query["sql"] or "stripe_sync_stripeevent" in query["sql"]:
                cursor.execute(f"EXPLAIN {query['sql']}")
                plans.append(" ".join(line for (line,) in cursor.fetchall()))
    assert len(plans) == 2
    assert "Index Scan" in plans[0]
    assert "lower((email)::text)" in plans[0].split("Filter:")[0]
    assert "event_by_customer" in plans[1]
