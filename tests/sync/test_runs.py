"""Runs as they are told, and the trend of drift."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from django.core import mail
from django.utils import timezone

from connector.errors import ConflictError, NotFoundError
from connector.models import Connection
from sync import runs
from sync.identity_import import import_identities
from sync.models import Identity, SyncRun
from sync.run_selectors import drift_trend, recent_runs
from sync.uploads import forget_uploads, store_upload
from tests.factories import make_app, make_connection
from tests.faults.live_processes import database_url

pytestmark = pytest.mark.django_db


def make_run(**fields) -> SyncRun:
    return SyncRun.objects.create(**{"app_id": make_connection().app_id, "kind": "reconciliation", **fields})


def test_it_opens_one_run_of_a_kind_for_a_connection() -> None:
    connection = make_connection()
    fields = {"app_id": connection.app_id, "connection": connection, "kind": "catalogue"}
    runs.create_run(**fields)
    with pytest.raises(ConflictError):
        runs.create_run(**fields)


def test_it_begins_a_run_once() -> None:
    run = make_run()
    assert runs.begin(run)
    assert not runs.begin(run)


def test_it_does_not_begin_what_was_canceled() -> None:
    run = make_run()
    runs.cancel(app_id=run.app_id, run_id=run.pk)
    assert not runs.begin(run)


ENDED = ["done", "partial", "failed", "canceled"]


@pytest.mark.parametrize("kind", ["identities", "catalogue", "reconciliation"])
@pytest.mark.parametrize(
    ("state", "becomes"), [("queued", "canceled"), ("stopped", "canceled"), *((state, state) for state in ENDED)]
)
def test_it_cancels_what_waits_at_once_and_leaves_what_has_ended(kind: str, state: str, becomes: str) -> None:
    run = make_run(kind=kind, state=state)
    assert runs.cancel(app_id=run.app_id, run_id=run.pk).state == becomes
    assert not runs.begin(run)


@pytest.mark.parametrize("kind", ["identities", "catalogue"])
def test_it_cancels_at_once_what_a_dead_process_left_running(kind: str) -> None:
    run = make_run(kind=kind, state="running")
    assert runs.cancel(app_id=run.app_id, run_id=run.pk).state == SyncRun.State.CANCELED


@pytest.mark.parametrize("kind", ["identities", "catalogue"])
def test_it_leaves_the_end_to_the_process_that_is_at_it(kind: str) -> None:
    run = make_run(kind=kind, state="running")
    with psycopg.connect(database_url()) as other:
        other.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [runs.lock_of(run)])
        assert runs.cancel(app_id=run.app_id, run_id=run.pk).state == SyncRun.State.RUNNING
    assert SyncRun.objects.get(pk=run.pk).cancel_requested


def test_it_cancels_an_import_while_it_reads_and_keeps_the_old_links(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("sync.identity_import._REPORT_EVERY", -1)
    app_id = make_app().id
    Identity.objects.create(app_id=app_id, user_id="old", stripe_id="cus_old")
    (tmp_path / "users.csv").write_text("user_id,stripe_id\nu1,cus_1\n")

    def cancel(_: object) -> None:
        runs.cancel(app_id=app_id, run_id=SyncRun.objects.get(app_id=app_id).pk)

    run = import_identities(app_id=app_id, source=str(tmp_path / "users.csv"), mode="full", on_progress=cancel)
    assert run.state == SyncRun.State.CANCELED
    assert Identity.objects.get(app_id=app_id).user_id == "old"


def test_it_stops_a_running_run_at_its_next_step() -> None:
    run = make_run()
    runs.begin(run)
    assert runs.cancel(app_id=run.app_id, run_id=run.pk).state == SyncRun.State.RUNNING
    with pytest.raises(runs.CanceledError):
        runs.report_progress(run, {"step": "reading"})


def test_it_hides_another_apps_run() -> None:
    with pytest.raises(NotFoundError):
        runs.cancel(app_id=make_connection().app_id, run_id=make_run().pk)


def test_it_leaves_the_quarter_hourly_reads_out_unless_they_failed() -> None:
    app_id = make_connection().app_id
    for state in ("done", "failed"):
        make_run(app_id=app_id, kind="catalogue", state=state, started_by="schedule")
    assert [run.state for run in recent_runs(app_id=app_id)] == ["failed"]


def make_reconciliation(connection: Connection, drifted: int, *, days_ago: int, state: str = "done") -> None:
    make_run(
        app_id=connection.app_id, connection=connection, state=state, counts={"drifted": drifted},
        finished_at=timezone.now() - timedelta(days=days_ago),
    )  # fmt: skip


def test_it_tells_the_drift_of_thirty_nights_and_which_nobody_knows() -> None:
    connection = make_connection()
    for drifted, days_ago in ((2, 0), (0, 1), (1, 3), (9, 40)):
        make_reconciliation(connection, drifted, days_ago=days_ago)
    make_reconciliation(connection, 5, days_ago=2, state="failed")
    make_reconciliation(make_connection(), 7, days_ago=0)
    trend = drift_trend(connection, timezone=UTC)
    assert len(trend) == 30
    assert [night.objects for night in trend[-5:]] == [None, 1, None, 0, 2]
    assert [night.height for night in trend[-5:]] == [0, 50, 0, 0, 100]


def test_it_counts_a_night_on_the_apps_own_date() -> None:
    """Half past one in Auckland is the day before in UTC, and its sync belongs to its own day."""
    connection, auckland = make_connection(), ZoneInfo("Pacific/Auckland")
    here = datetime.combine(timezone.now().astimezone(auckland).date(), time(0, 0, 1), auckland)
    make_run(
        app_id=connection.app_id, connection=connection, state="done", counts={"drifted": 4}, finished_at=here
    )
    assert drift_trend(connection, timezone=auckland)[-1].objects == 4


@pytest.fixture
def uploads(settings, tmp_path) -> None:
    settings.ENGAGE_STRIPE = {**settings.ENGAGE_STRIPE, "UPLOADS_URL": tmp_path.as_uri()}


def test_it_emails_the_admins_when_an_upload_is_done(uploads, tmp_path) -> None:
    tenant = make_app()
    tenant.client()  # an admin
    (tmp_path / "users.csv").write_text("user_id,stripe_id\nu1,cus_1\n")
    import_identities(
        app_id=tenant.id, source=str(tmp_path / "users.csv"), email=True, started_by="ada@example.com"
    )
    (message,) = mail.outbox
    assert "done" in message.subject
    assert "1 added" in message.body


def test_it_forgets_uploads_after_a_week(uploads, tmp_path) -> None:
    app_id = make_app().id
    with (tmp_path / "users.csv").open("wb+") as file:
        url, _ = store_upload(app_id=app_id, content=file)
    run = make_run(app_id=app_id, kind="identities", source=url, finished_at=timezone.now() - timedelta(days=8))
    assert forget_uploads() == 1
    run.refresh_from_db()
    assert run.source == ""
    assert list((tmp_path / str(app_id)).iterdir()) == []
