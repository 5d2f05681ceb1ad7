"""The console's own pages: who may open them and what they show."""

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone

from connector.host import Role
from connector.models import Connection
from connector.permissions import PERMISSIONS
from tests.factories import make_app, make_connection, make_prompt

pytestmark = pytest.mark.django_db


def test_it_leads_home_to_the_prompts() -> None:
    assert make_app().client().get("/").headers["Location"] == "/prompts/"


@pytest.mark.parametrize("address", ["/", "/prompts/", "/settings/actions/"])
def test_it_asks_a_stranger_to_sign_in(address: str) -> None:
    assert Client().get(address).headers["Location"] == f"/sign-in/?next={address}"


@pytest.mark.parametrize("role", list(Role))
def test_it_lists_the_prompts_of_this_app_to_every_role(role: Role) -> None:
    tenant, other = make_app(), make_app()
    make_prompt(tenant, name="Win back")
    make_prompt(other, name="Somebody else's")

    page = tenant.client(role).get("/prompts/").content.decode()

    assert "Win back" in page
    assert "Somebody else" not in page


def test_it_says_where_prompts_come_from_when_there_is_none() -> None:
    assert "No prompts in this App" in make_app().client().get("/prompts/").content.decode()


def test_it_marks_prompts_that_only_test_users_see() -> None:
    tenant = make_app()
    make_prompt(tenant, test_user_ids=["u1"])

    assert "Test users only" in tenant.client().get("/prompts/").content.decode()


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.COMPANY_ADMIN, 200), (Role.APP_ADMIN, 200), (Role.APP_MEMBER, 403), (Role.READ_ONLY, 403)],
)
def test_it_opens_the_connectors_to_admins_only(role: Role, status: int) -> None:
    client = make_app().client(role)

    assert client.get("/settings/actions/").status_code == status
    offers_settings = 'href="/settings/actions/"' in client.get("/prompts/").content.decode()
    assert offers_settings is (status == 200)


@pytest.mark.parametrize(
    ("connection_status", "words"),
    [("error", "Not working · test"), ("pending", "Pending · test"), ("inactive", "Inactive · test")],
)
def test_it_shows_how_this_app_s_connection_is(connection_status: str, words: str) -> None:
    tenant = make_app()
    make_connection(app_id=tenant.id, status=connection_status)

    assert words in tenant.client().get("/settings/actions/").content.decode()


def test_it_is_never_green_while_data_is_missing() -> None:
    tenant = make_app()
    connection = make_connection(app_id=tenant.id, status=Connection.Status.ACTIVE)
    assert "Active, needs attention · test" in tenant.client().get("/settings/actions/").content.decode()

    now = timezone.now()
    Connection.objects.filter(id=connection.id).update(
        permissions={permission.name: {"state": "granted"} for permission in PERMISSIONS},
        last_event_at=now,
        last_catalogue_at=now,
        last_identities_at=now,
        last_reconciliation_at=now,
    )

    assert "Active · test" in tenant.client().get("/settings/actions/").content.decode()


def test_it_shows_nothing_of_another_app_s_connection() -> None:
    tenant, other = make_app(), make_app()
    make_connection(app_id=other.id, status=Connection.Status.ACTIVE)

    page = tenant.client().get("/settings/actions/").content.decode()

    assert "Not connected" in page
    assert "Active" not in page


def test_it_answers_an_unknown_address_in_the_console_s_own_design() -> None:
    page = make_app().client().get("/nowhere/")

    assert page.status_code == 404
    assert "Nothing is here" in page.content.decode()
    assert "css/tokens.css" in page.content.decode()


@pytest.mark.parametrize("name", ["400.html", "403.html", "403_csrf.html", "404.html", "500.html"])
def test_it_renders_error_pages_without_a_request(name: str) -> None:
    assert "<h1>" in render_to_string(name)
