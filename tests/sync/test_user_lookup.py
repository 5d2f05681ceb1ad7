"""The user lookup page."""

import pytest

from connector.host import Role
from connector.models import Connection
from sync import inbox
from sync.models import Identity
from sync.observations import apply_objects
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
    assert status.last_change is not None
    assert status.last_change.former == "active"
    assert all("subscription_status" not in entry.changes for entry in found.history)
