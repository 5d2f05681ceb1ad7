"""Any request that meets a dead key or a lost permission acts on the connection at once."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.core import mail

from connector import tasks
from connector.crypto import Secret
from connector.errors import StripeError
from connector.host import Role
from connector.keys import parse_api_key
from connector.models import AuditEntry, Connection
from connector.selectors import serving_connection
from connector.services import connect_with_api_key
from connector.stripe_gateway import StripeGateway
from tests.connector.conftest import ALICE, REQUIRED
from tests.factories import Tenant
from tests.sandbox_process import Sandbox, StripeAccount

Capture = Callable[..., AbstractContextManager[list[Any]]]


@pytest.fixture
def connection(tenant: Tenant, stripe_account: StripeAccount) -> Connection:
    api_key = parse_api_key(stripe_account.restricted_key([*REQUIRED, "invoice_read"]))
    return connect_with_api_key(app_id=tenant.id, api_key=api_key, actor=ALICE).connection


def revoke(sandbox: Sandbox, connection: Connection) -> None:
    sandbox.admin("POST", f"keys/{connection.api_key.reveal()}/revoke")


def use(connection: Connection, resource: str = "customers") -> None:
    with pytest.raises(StripeError):
        getattr(StripeGateway(connection), resource).page()


def test_it_turns_to_error_when_the_key_was_revoked(
    tenant: Tenant, sandbox: Sandbox, connection: Connection
) -> None:
    revoke(sandbox, connection)
    use(connection)
    connection.refresh_from_db()
    assert connection.status == Connection.Status.ERROR
    assert "revoked" in connection.status_reason
    assert connection.api_key
    assert serving_connection(app_id=tenant.id) is None
    assert "Not working" in tenant.client().get("/settings/actions/stripe/?mode=test").content.decode()


def test_it_tells_the_admins_once(
    tenant: Tenant,
    sandbox: Sandbox,
    connection: Connection,
    django_capture_on_commit_callbacks: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(
        "connector.health.current_app.send_task", lambda name, args, **_: sent.append((name, args))
    )
    revoke(sandbox, connection)
    with django_capture_on_commit_callbacks(execute=True):
        use(connection)
        use(connection)
    assert sent == [("stripe_connector.email_trouble", [str(connection.pk)])]
    assert AuditEntry.objects.filter(action="connection_failed").count() == 1


def test_it_emails_every_admin_and_nobody_else(tenant: Tenant, sandbox: Sandbox, connection: Connection) -> None:
    admins = [tenant.user(Role.COMPANY_ADMIN), tenant.user(Role.APP_ADMIN)]
    tenant.user(Role.APP_MEMBER)
    revoke(sandbox, connection)
    use(connection)
    tasks.email_trouble(str(connection.pk))
    assert {tuple(message.to) for message in mail.outbox} == {(admin.email,) for admin in admins}
    assert "/settings/actions/stripe/" in mail.outbox[0].body
    assert connection.api_key.reveal() not in mail.outbox[0].body
    tasks.email_trouble(str(connection.pk))
    assert len(mail.outbox) == 2


def test_it_emails_at_night_what_was_lost(
    tenant: Tenant, sandbox: Sandbox, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant.user(Role.APP_ADMIN)
    revoke(sandbox, connection)
    use(connection)
    monkeypatch.setattr(tasks.email_trouble, "delay", tasks.email_trouble)
    monkeypatch.setattr(tasks.recheck_connection, "delay", tasks.recheck_connection)
    tasks.check_everything()
    tasks.check_everything()
    assert len(mail.outbox) == 1


def test_it_reports_the_failed_request_even_without_a_broker(
    sandbox: Sandbox, connection: Connection, django_capture_on_commit_callbacks: Capture
) -> None:
    def away(*_: object, **__: object) -> None:
        raise ConnectionError("The broker is away.")

    revoke(sandbox, connection)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("connector.health.current_app.send_task", away)
        with django_capture_on_commit_callbacks(execute=True):
            use(connection)
    connection.refresh_from_db()
    assert connection.status == Connection.Status.ERROR


def test_it_sends_no_email_for_what_was_repaired_meanwhile(tenant: Tenant, connection: Connection) -> None:
    tenant.user(Role.APP_ADMIN)
    tasks.email_trouble(str(connection.pk))
    assert mail.outbox == []


def test_it_does_not_blame_a_key_that_was_replaced_meanwhile(
    sandbox: Sandbox, stripe_account: StripeAccount, connection: Connection
) -> None:
    stale = Connection.objects.get()
    revoke(sandbox, stale)
    new = parse_api_key(stripe_account.restricted_key(REQUIRED))
    connect_with_api_key(app_id=connection.app_id, api_key=new, actor=ALICE)
    use(stale)
    assert Connection.objects.get().status == Connection.Status.ACTIVE


def test_it_marks_a_permission_that_was_taken_away_and_looks_again(
    sandbox: Sandbox,
    connection: Connection,
    django_capture_on_commit_callbacks: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[str] = []
    monkeypatch.setattr("connector.health.current_app.send_task", lambda name, **_: sent.append(name))
    sandbox.admin("POST", f"keys/{connection.api_key.reveal()}", permissions=REQUIRED)
    with django_capture_on_commit_callbacks(execute=True):
        use(connection, "invoices")
        use(connection, "invoices")
    connection.refresh_from_db()
    assert connection.permissions["rak_invoice_read"]["state"] == "missing"
    assert connection.status == Connection.Status.ACTIVE
    assert sent == ["stripe_connector.recheck_connection"]


def test_it_checks_every_connection_at_night(sandbox: Sandbox, connection: Connection) -> None:
    revoke(sandbox, connection)
    tasks.recheck_connection(str(connection.pk))
    connection.refresh_from_db()
    assert connection.status == Connection.Status.ERROR


def test_it_works_again_with_a_new_key_of_the_account(
    sandbox: Sandbox, stripe_account: StripeAccount, connection: Connection
) -> None:
    revoke(sandbox, connection)
    use(connection)
    new = stripe_account.restricted_key(REQUIRED)
    connect_with_api_key(app_id=connection.app_id, api_key=parse_api_key(new), actor=ALICE)
    repaired = Connection.objects.get()
    assert repaired.pk == connection.pk
    assert repaired.status == Connection.Status.ACTIVE
    assert repaired.api_key == Secret(new)
