"""Planted secrets are searched for in every channel that leaves the process."""

import io
import json
import logging
import pickle
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from celery import current_app
from django.core.management import call_command
from django.db import connection as database
from django.db.models import Model
from django.test import RequestFactory
from django.utils import timezone
from django.views.debug import get_exception_reporter_class
from psycopg import sql

from connector import health
from connector.crypto import Secret
from connector.keys import parse_api_key, parse_signing_secret
from connector.models import AuditEntry, Connection, PlatformEndpoint, ReplacementKey
from connector.services import connect_with_api_key
from connector.stripe_gateway import StripeGateway
from tests.connector.conftest import ALICE, REQUIRED
from tests.factories import Tenant
from tests.sandbox_process import StripeAccount

SIGNING_SECRET = "whsec_plantedPlantedPlanted"


@pytest.fixture
def planted(stripe_account: StripeAccount) -> str:
    return stripe_account.restricted_key([*REQUIRED, "webhook_write"])


@pytest.fixture
def connection(tenant: Tenant, planted: str) -> Connection:
    return connect_with_api_key(
        app_id=tenant.id,
        api_key=parse_api_key(planted),
        signing_secret=parse_signing_secret(SIGNING_SECRET),
        actor=ALICE,
    ).connection


@pytest.fixture
def log_lines(settings: Any) -> Iterator[io.StringIO]:
    """What the configured handler writes at the most talkative level, the SDK included."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.getLogger().handlers[0].formatter)
    configured = next(h for h in logging.getLogger().handlers if h.name == "console")
    handler.setFormatter(configured.formatter)
    loggers = [logging.getLogger(), logging.getLogger("stripe")]
    levels = [logger.level for logger in loggers]
    loggers[0].addHandler(handler)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    yield stream
    loggers[0].removeHandler(handler)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def open_carelessly(key: str) -> str:
    """Fails like code that holds secrets as plain text in its variables and in its message."""
    careless = {"Authorization": f"Bearer {key}", "form": SIGNING_SECRET}
    return careless[f"careless {key}"]


def hidden(text: str, planted: str) -> None:
    assert planted not in text
    assert SIGNING_SECRET not in text


@pytest.mark.parametrize("model", [Connection, ReplacementKey, PlatformEndpoint])
def test_it_is_not_in_the_database_in_plain_text(connection: Connection, planted: str, model: type[Model]) -> None:
    ReplacementKey.objects.create(connection=connection, api_key=Secret(planted), saved_at=timezone.now())
    PlatformEndpoint.objects.create(livemode=False, webhook_secret=Secret(SIGNING_SECRET))
    with database.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(model._meta.db_table)))
        rows = cursor.fetchall()
    assert rows
    hidden(repr([[bytes(v) if isinstance(v, memoryview) else v for v in row] for row in rows]), planted)
    hidden(f"{list(model._default_manager.all())!r} {list(model._default_manager.values())!r}", planted)


def test_it_is_not_in_repr_str_or_json(connection: Connection, planted: str) -> None:
    hidden(f"{connection!r} {connection} {vars(connection)} {StripeGateway(connection)!r}", planted)
    with pytest.raises(TypeError):
        json.dumps(connection.api_key)
    with pytest.raises(TypeError):
        pickle.dumps(connection)


def test_it_is_not_in_the_logs_even_at_debug_level(
    tenant: Tenant, planted: str, log_lines: io.StringIO, stripe_account: StripeAccount
) -> None:
    form = {"api_key": planted, "signing_secret": SIGNING_SECRET, "schedule_time": "02:00", "active": "on"}
    tenant.client().post("/settings/actions/stripe/", form)
    logging.getLogger("careless").error("saved %s and %s", planted, SIGNING_SECRET)
    try:
        open_carelessly(planted)
    except KeyError:
        logging.getLogger("careless").exception("failed")
    assert "/v1/products" in log_lines.getvalue()
    assert "careless" in log_lines.getvalue()
    hidden(log_lines.getvalue(), planted)


@pytest.mark.parametrize("debug", [True, False])
def test_it_is_not_in_error_reports(settings: Any, connection: Connection, planted: str, debug: bool) -> None:
    settings.DEBUG = debug
    request = RequestFactory().post("/", {"api_key": planted, "signing_secret": SIGNING_SECRET})
    try:
        open_carelessly(connection.api_key.reveal())
    except KeyError:
        reporter = get_exception_reporter_class(request)(request, *sys.exc_info())
    hidden(reporter.get_traceback_html(), planted)
    hidden(reporter.get_traceback_text(), planted)
    assert "careless" in reporter.get_traceback_html()


def test_it_is_not_in_any_page_of_the_settings(tenant: Tenant, connection: Connection, planted: str) -> None:
    client = tenant.client()
    base = "/settings/actions/stripe/"
    for path in ("?mode=test", f"{connection.pk}/disconnect/", f"{connection.pk}/test-event/"):
        answer = client.get(base + path)
        assert answer.status_code == 200
        hidden(answer.content.decode(), planted)
    bad = {"api_key": planted, "signing_secret": SIGNING_SECRET, "schedule_time": "never"}
    hidden(client.post(f"{base}?mode=test", bad).content.decode(), planted)


def test_it_is_not_in_the_api(tenant: Tenant, connection: Connection, planted: str) -> None:
    answer = tenant.client().get("/api/v1/connection/", headers=tenant.api_headers)
    hidden(answer.content.decode(), planted)


def test_it_is_not_in_the_audit_trail(connection: Connection, planted: str) -> None:
    hidden(repr(list(AuditEntry.objects.values())), planted)


def test_it_is_not_in_celery_messages(
    connection: Connection, planted: str, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(current_app, "send_task", lambda *args, **kwargs: sent.append((args, kwargs)))
    with django_capture_on_commit_callbacks(execute=True):
        health.put_in_error(connection, "The key was revoked.")
    assert sent
    hidden(repr(sent), planted)


def test_it_is_not_in_the_output_of_the_command(
    tenant: Tenant, planted: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{planted}\n{SIGNING_SECRET}\n"))
    call_command("connect_stripe", app=str(tenant.id), json=True)
    out, err = capsys.readouterr()
    assert json.loads(out)["status"] == "active"
    hidden(out + err, planted)


def test_it_compares_and_hides_by_type() -> None:
    assert Secret("a") == Secret("a") != Secret("b")
    assert "planted" not in f"{Secret('planted')} {Secret('planted')!r} {[Secret('planted')]}"
    assert not Secret("")
