"""Who may open the connection's pages: every role, a stranger, and an admin of another tenant."""

from typing import Any

import pytest
from django.test import Client

from connector.host import Role
from connector.models import Connection
from tests.factories import Tenant, make_app, make_connection

PAGE = "/settings/actions/stripe/"
ADMINS = [Role.COMPANY_ADMIN, Role.APP_ADMIN]
OTHERS = [Role.APP_MEMBER, Role.READ_ONLY]
PATHS = [
    "",
    "connect/",
    "connect/callback/",
    "{id}/check/",
    "{id}/disconnect/",
    "{id}/endpoint/",
    "{id}/test-event/",
    "{id}/repair/",
]


def ask_both_ways(tenant: Tenant, client: Client, path: str) -> list[Any]:
    """The answers to GET and POST of a path of this App's connection, without those of a wrong method."""
    address = PAGE + path.format(id=make_connection(app_id=tenant.id).pk)
    answers = [client.get(address), client.post(address)]
    return [answer for answer in answers if answer.status_code != 405]


@pytest.mark.parametrize("role", OTHERS)
@pytest.mark.parametrize("path", PATHS)
def test_it_refuses_others_and_names_who_can_help(tenant: Tenant, role: Role, path: str) -> None:
    admin = tenant.user(Role.APP_ADMIN)
    answers = ask_both_ways(tenant, tenant.client(role), path)
    assert answers
    for answer in answers:
        assert answer.status_code == 403
        assert admin.email in answer.content.decode()
    assert Connection.objects.get().status == Connection.Status.ACTIVE


@pytest.mark.parametrize("role", ADMINS)
@pytest.mark.parametrize("path", PATHS)
def test_it_lets_admins_change_everything(tenant: Tenant, role: Role, path: str) -> None:
    answers = ask_both_ways(tenant, tenant.client(role), path)
    assert answers
    assert {answer.status_code for answer in answers} <= {200, 302, 400, 422}


@pytest.mark.parametrize("path", PATHS)
def test_it_sends_strangers_to_the_sign_in(tenant: Tenant, path: str) -> None:
    answers = ask_both_ways(tenant, Client(), path)
    assert answers
    for answer in answers:
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/sign-in/?next=/settings/actions/stripe/")
    assert Connection.objects.get().status == Connection.Status.ACTIVE


@pytest.mark.parametrize("path", ["check/", "disconnect/", "endpoint/", "test-event/", "repair/"])
def test_it_knows_no_connection_of_another_app(tenant: Tenant, path: str) -> None:
    other = make_connection(app_id=make_app().id)
    address = f"{PAGE}{other.pk}/{path}"
    assert tenant.client().post(address).status_code == 404
    other.refresh_from_db()
    assert other.status == Connection.Status.ACTIVE


def test_it_shows_nothing_of_another_app(tenant: Tenant) -> None:
    make_connection(app_id=make_app().id, display_name="Their shop")
    assert "Their shop" not in tenant.client().get(PAGE).content.decode()
