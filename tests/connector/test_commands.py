"""The connector's management commands."""

import io
import json
import sys
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection as database

from connector.crypto import Secret
from connector.models import Connection
from tests.connector.conftest import REQUIRED
from tests.factories import Tenant, make_connection
from tests.sandbox_process import Sandbox, StripeAccount


def connect(monkeypatch: pytest.MonkeyPatch, tenant: Tenant, *lines: str) -> dict[str, Any]:
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(lines)))
    out = io.StringIO()
    call_command("connect_stripe", "--app", str(tenant.id), "--json", stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def test_it_connects_with_the_key_from_standard_input(
    monkeypatch: pytest.MonkeyPatch, tenant: Tenant, stripe_account: StripeAccount
) -> None:
    answer = connect(monkeypatch, tenant, stripe_account.restricted_key(REQUIRED), "whsec_abcdefghijkl")
    connection = Connection.objects.get()
    assert answer["connection_id"] == str(connection.pk)
    assert (answer["status"], answer["mode"], answer["account"]) == ("active", "test", stripe_account.id)
    assert answer["permissions"]["rak_invoice_read"] == "missing"
    assert connection.webhook_secret == Secret("whsec_abcdefghijkl")


def test_it_needs_no_second_line(
    monkeypatch: pytest.MonkeyPatch, tenant: Tenant, stripe_account: StripeAccount
) -> None:
    assert connect(monkeypatch, tenant, stripe_account.restricted_key(REQUIRED))["status"] == "active"


def test_it_prints_for_people_without_json(
    monkeypatch: pytest.MonkeyPatch, tenant: Tenant, stripe_account: StripeAccount
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(stripe_account.restricted_key(REQUIRED)))
    out = io.StringIO()
    call_command("connect_stripe", "--app", str(tenant.id), stdout=out)
    assert stripe_account.id in out.getvalue()


@pytest.mark.parametrize("key", ["", "pk_test_abcdefgh1234", "nonsense"])
def test_it_fails_with_one_line_and_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, tenant: Tenant, key: str
) -> None:
    with pytest.raises(CommandError) as caught:
        connect(monkeypatch, tenant, key)
    assert "\n" not in str(caught.value)
    assert not Connection.objects.exists()


def test_it_fails_for_a_revoked_key(
    monkeypatch: pytest.MonkeyPatch, tenant: Tenant, sandbox: Sandbox, stripe_account: StripeAccount
) -> None:
    key = stripe_account.restricted_key(REQUIRED)
    sandbox.admin("POST", f"keys/{key}/revoke")
    with pytest.raises(CommandError, match="wrong or was revoked"):
        connect(monkeypatch, tenant, key)


@pytest.mark.parametrize("app", ["nonsense", "6f1c1c9e-0000-4000-8000-000000000000"])
def test_it_fails_for_an_unknown_app(db: None, app: str) -> None:
    with pytest.raises(CommandError, match="no App with the ID"):
        call_command("disconnect_stripe", "--app", app)


def test_it_disconnects_this_app_only(tenant: Tenant) -> None:
    mine, other = make_connection(app_id=tenant.id), make_connection()
    out = io.StringIO()
    call_command("disconnect_stripe", "--app", str(tenant.id), "--json", stdout=out)
    assert json.loads(out.getvalue()) == {"disconnected": [str(mine.pk)], "left_at_stripe": []}
    mine.refresh_from_db()
    other.refresh_from_db()
    assert (mine.status, other.status) == ("revoked", "active")


def test_it_disconnects_the_named_mode_only(tenant: Tenant) -> None:
    live, test = make_connection(app_id=tenant.id, livemode=True), make_connection(app_id=tenant.id)
    call_command("disconnect_stripe", "--app", str(tenant.id), "--mode", "test", stdout=io.StringIO())
    live.refresh_from_db()
    test.refresh_from_db()
    assert (live.status, test.status) == ("active", "revoked")


def test_it_encrypts_everything_with_the_new_key_in_batches(
    settings: Any, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connector.encryption._BATCH", 2)
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.ENGAGE_STRIPE = {**settings.ENGAGE_STRIPE, "FIELD_ENCRYPTION_KEYS": [old]}
    connections = [make_connection(api_key=Secret(f"rk_test_kept{number}")) for number in range(5)]
    settings.ENGAGE_STRIPE = {**settings.ENGAGE_STRIPE, "FIELD_ENCRYPTION_KEYS": [new, old]}
    out = io.StringIO()
    call_command("rotate_encryption_key", "--json", stdout=out)
    assert json.loads(out.getvalue()) == {"reencrypted": 5}
    settings.ENGAGE_STRIPE = {**settings.ENGAGE_STRIPE, "FIELD_ENCRYPTION_KEYS": [new]}
    for number, connection in enumerate(connections):
        assert Connection.objects.get(pk=connection.pk).api_key == Secret(f"rk_test_kept{number}")


def test_it_stores_an_empty_secret_as_null(db: None) -> None:
    make_connection(api_key=Secret(""))
    with database.cursor() as cursor:
        cursor.execute("SELECT api_key FROM stripe_connector_connection")
        assert cursor.fetchone() == (None,)


def examine(**options: Any) -> tuple[int, dict[str, dict[str, Any]]]:
    """The doctor's exit code and its findings by name."""
    out, code = io.StringIO(), 0
    try:
        call_command("doctor", "--json", stdout=out, **options)
    except SystemExit as ended:
        code = int(ended.code or 0)
    return code, {finding["what"]: finding for finding in json.loads(out.getvalue())["findings"]}


def test_it_examines_every_part(db: None) -> None:
    _, found = examine()
    for part in ("PostgreSQL", "Migrations", "Redis", "Stripe"):
        assert found[part] == {"what": part, "ok": True, "advice": ""}


def test_it_names_what_is_wrong_with_a_connection(tenant: Tenant) -> None:
    make_connection(app_id=tenant.id, status="error", status_reason="The key was revoked.")
    code, found = examine()
    assert code == 1
    assert found["Shop, test: Connection"]["advice"] == "Error. The key was revoked."


def test_it_says_when_stripe_and_secrets_cannot_be_reached(settings: Any, tenant: Tenant) -> None:
    make_connection(app_id=tenant.id)
    changes = {"STRIPE_API_BASE": "http://127.0.0.1:9", "FIELD_ENCRYPTION_KEYS": [Fernet.generate_key().decode()]}
    settings.ENGAGE_STRIPE = {**settings.ENGAGE_STRIPE, **changes}
    code, found = examine()
    assert code == 1
    assert "could not be reached" in found["Stripe"]["advice"]
    assert "cannot be read" in found["Shop"]["advice"]
