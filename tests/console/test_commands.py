"""The commands that fill the stand-in console."""

import io
import json
import uuid

import pytest
from django.core.management import CommandError, call_command

from connector.host import Role, get_host
from engage_stripe.standalone.models import App, ConsoleUser
from tests.factories import Tenant, make_app

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_it_creates_an_app_and_prints_its_key_for_programs() -> None:
    answer = json.loads(run("create_app", "--company", "Acme", "--name", "Shop", "--json"))

    app = get_host().authenticate_api(answer["app_id"], answer["api_key"])
    assert app is not None
    assert (app.name, app.company_name, app.timezone) == ("Shop", "Acme", "UTC")


def test_it_creates_a_second_app_in_the_same_company() -> None:
    run("create_app", "--company", "Acme", "--name", "Shop")
    printed = run("create_app", "--company", "Acme", "--name", "Blog", "--timezone", "Europe/Vienna")

    assert {app.company.name for app in App.objects.all()} == {"Acme"}
    assert "not shown again" in printed


def test_it_refuses_an_unknown_time_zone_and_creates_nothing() -> None:
    with pytest.raises(CommandError, match="no time zone"):
        run("create_app", "--company", "Acme", "--name", "Shop", "--timezone", "Mars/Olympus")

    assert not App.objects.exists()


def create_user(
    monkeypatch: pytest.MonkeyPatch, tenant_id: uuid.UUID, *arguments: str, password: str = "correct horse"
) -> str:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    return run("create_console_user", "--app", str(tenant_id), "--email", "Ada@Example.com", *arguments)


@pytest.mark.parametrize("role", list(Role))
def test_it_creates_a_person_with_the_password_from_standard_input(
    monkeypatch: pytest.MonkeyPatch, role: Role
) -> None:
    tenant = make_app()

    answer = json.loads(create_user(monkeypatch, tenant.id, "--role", role.value, "--json"))

    user = ConsoleUser.objects.get(email="ada@example.com")
    assert answer == {"email": "ada@example.com", "role": role.value}
    assert user.check_password("correct horse")
    assert list(user.roles.values()) == [role]


def test_it_refuses_a_weak_password(monkeypatch: pytest.MonkeyPatch) -> None:
    tenant: Tenant = make_app()

    with pytest.raises(CommandError, match="too short"):
        create_user(monkeypatch, tenant.id, password="short")

    assert not ConsoleUser.objects.exists()


def test_it_refuses_an_email_that_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = make_app()
    create_user(monkeypatch, tenant.id)

    with pytest.raises(CommandError, match="already"):
        create_user(monkeypatch, tenant.id)


def test_it_refuses_an_unknown_app(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="no App"):
        create_user(monkeypatch, uuid.uuid4())


def test_it_rotates_an_api_key() -> None:
    tenant = make_app()

    answer = json.loads(run("rotate_api_key", "--app", str(tenant.id), "--json"))

    host = get_host()
    assert host.authenticate_api(str(tenant.id), tenant.api_key) is None
    assert host.authenticate_api(answer["app_id"], answer["api_key"]) == tenant.app


def test_it_rotates_no_key_of_an_unknown_app() -> None:
    with pytest.raises(CommandError, match="no App"):
        run("rotate_api_key", "--app", str(uuid.uuid4()))
