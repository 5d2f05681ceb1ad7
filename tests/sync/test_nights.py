"""A whole night: files, catalogue, reconciliation, email."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from connector.crypto import Secret
from connector.host import Role
from connector.models import Connection
from engage_stripe.standalone import services
from engage_stripe.standalone.models import App, ConsoleUser
from sync import due_work, nights, tasks
from sync.models import Identity, IdentitySource, Night, SyncRun
from sync.reconciliation import reconcile
from tests.sandbox_process import StripeAccount
from tests.sync.stores.conftest import write


@pytest.fixture
def night(connection: Connection) -> Night:
    return Night.objects.create(connection=connection, local_date="2026-01-10")


@pytest.fixture
def admin(connection: Connection) -> str:
    user = ConsoleUser.objects.create(email="ada@example.com", name="Ada")
    services.grant_role(user=user, app=App.objects.get(id=connection.app_id), role=Role.APP_ADMIN)
    return user.email


def finish(night: Night) -> None:
    nights.work_night(night)
    reconcile(connection=night.connection)
    nights.work_night(night)
    night.refresh_from_db()


def test_it_goes_from_files_to_an_email(
    connection: Connection, night: Night, admin: str, tmp_path: Path, settings: Any
) -> None:
    settings.ENGAGE_STRIPE = {**settings.ENGAGE_STRIPE, "IDENTITY_FOLDERS": [str(tmp_path)]}
    folder = tmp_path / str(connection.app_id)
    write(folder, "users.csv", "user_id,stripe_id\nu1,cus_1\n", 7200)
    IdentitySource.objects.create(app_id=connection.app_id, connection=connection, url=folder.as_uri())
    finish(night)
    assert night.step == Night.Step.FINISHED
    assert list(night.runs.order_by("created_at").values_list("kind", "state")) == [
        ("identities", "done"), ("catalogue", "done"), ("reconciliation", "done"),
    ]  # fmt: skip
    assert Identity.objects.filter(app_id=connection.app_id).count() == 1
    (message,) = mail.outbox
    assert message.to == [admin]
    assert "is done" in message.subject


def test_it_sends_one_email_however_often_it_is_finished(night: Night, admin: str) -> None:
    finish(night)
    nights.finish_night(night)
    assert len(mail.outbox) == 1


def test_it_ends_although_no_mail_server_answers(night: Night, admin: str, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    finish(night)
    assert night.step == Night.Step.FINISHED


def test_it_tells_the_admins_before_it_counts_as_finished(
    night: Night, admin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is killed in between tells them twice rather than never."""
    steps: list[str] = []
    monkeypatch.setattr(nights, "tell_admins", lambda **_: steps.append(Night.objects.get(pk=night.pk).step))
    finish(night)
    assert steps == [Night.Step.RECONCILIATION]


def test_it_is_silent_about_success_where_the_admins_chose_so(
    connection: Connection, night: Night, admin: str
) -> None:
    connection.email_only_on_trouble = True
    connection.save()
    night.connection = connection
    finish(night)
    assert mail.outbox == []


def test_it_writes_about_trouble_even_then(
    connection: Connection, night: Night, admin: str, stripe_account: StripeAccount
) -> None:
    connection.email_only_on_trouble = True
    connection.api_key = Secret(stripe_account.restricted_key(["rak_customer_read", "rak_coupon_read"]))
    connection.save()
    night.connection = connection
    finish(night)
    assert "needs your attention" in mail.outbox[0].subject


def test_it_waits_for_a_file_that_is_still_being_written(
    connection: Connection, night: Night, tmp_path: Path, settings: Any
) -> None:
    settings.ENGAGE_STRIPE = {**settings.ENGAGE_STRIPE, "IDENTITY_FOLDERS": [str(tmp_path)]}
    folder = tmp_path / str(connection.app_id)
    write(folder, "users.csv", "user_id,stripe_id\nu1,cus_1\n", 0)
    IdentitySource.objects.create(app_id=connection.app_id, connection=connection, url=folder.as_uri())
    nights.work_night(night)
    night.refresh_from_db()
    assert night.step == Night.Step.IDENTITIES
    assert not night.runs.exists()


def test_it_hands_out_work_each_minute(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    handed: list[tuple[str, list[object]]] = []
    monkeypatch.setattr(
        "celery.app.task.Task.apply_async", lambda self, args, **_: handed.append((self.name, list(args)))
    )
    SyncRun.objects.create(app_id=connection.app_id, kind="identities", source="file:///x")
    tasks.tick()
    assert ("stripe_sync.import_waiting", [str(connection.app_id)]) in handed
    assert ("stripe_sync.start_reconciliation", [str(connection.pk)]) in handed
    assert ("stripe_sync.read_catalogue", [str(connection.pk)]) in handed


def test_it_reads_the_catalogue_every_quarter_of_an_hour(connection: Connection) -> None:
    now = timezone.now()
    assert due_work.connections_with_due_catalogue(now) == [connection.pk]
    SyncRun.objects.create(app_id=connection.app_id, connection=connection, kind="catalogue", state="done")
    assert due_work.connections_with_due_catalogue(now + timedelta(minutes=14)) == []
    assert due_work.connections_with_due_catalogue(now + timedelta(minutes=16)) == [connection.pk]


def test_it_reconciles_through_its_tasks(
    connection: Connection, stripe_account: StripeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting: list[tuple[Any, tuple[Any, ...]]] = []
    monkeypatch.setattr(
        "celery.app.task.Task.apply_async", lambda self, args=(), *_, **__: waiting.append((self, tuple(args)))
    )
    stripe_account.client.v1.customers.create({})
    tasks.start_reconciliation(str(connection.pk))
    while waiting:
        task, arguments = waiting.pop(0)
        task(*arguments)
    assert SyncRun.objects.get(connection=connection).state == SyncRun.State.DONE


def test_it_takes_a_night_through_its_tasks(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting: list[tuple[Any, tuple[Any, ...]]] = []
    monkeypatch.setattr(
        "celery.app.task.Task.apply_async", lambda self, args=(), *_, **__: waiting.append((self, tuple(args)))
    )
    for _ in range(2):  # two ticks
        tasks.work_night(night.pk)
        while waiting:
            task, arguments = waiting.pop(0)
            task(*arguments)
    night.refresh_from_db()
    assert night.step == Night.Step.FINISHED
