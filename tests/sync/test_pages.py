"""The data sync and catalogue pages."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from connector.host import Role
from connector.models import Connection
from sync import tasks
from sync.models import Coupon, Drift, Identity, IdentitySource, Price, Product, RowError, SyncRun
from tests.factories import Tenant, make_app, make_connection
from tests.sync.stores.conftest import write

pytestmark = pytest.mark.django_db
OTHERS = [Role.APP_MEMBER, Role.READ_ONLY]


@pytest.fixture
def alice(settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Tenant:
    settings.ENGAGE_STRIPE = {
        **settings.ENGAGE_STRIPE,
        "UPLOADS_URL": tmp_path.as_uri(),
        "IDENTITY_FOLDERS": [str(tmp_path)],
    }
    monkeypatch.setattr("celery.app.task.Task.apply_async", lambda *_, **__: None)
    return make_app()


@pytest.fixture
def connection(alice: Tenant) -> Connection:
    return make_connection(app_id=alice.id)


def make_run(tenant: Tenant, **fields: Any) -> SyncRun:
    return SyncRun.objects.create(app_id=tenant.id, **{"kind": "identities", "state": "done", **fields})


def upload(tenant: Tenant, content: str, **fields: Any) -> Any:
    file = SimpleUploadedFile("users.csv", content.encode())
    return tenant.client().post(reverse("stripe_sync:upload"), {"file": file, "mode": "incremental", **fields})


def test_it_shows_what_runs_and_when_the_next_night_starts(alice: Tenant, connection: Connection) -> None:
    make_run(
        alice, state="running", progress={"step": "reading", "rows": 1200, "share": 0.5, "rows_per_second": 600}
    )
    page = alice.client().get(reverse("stripe_sync:data_sync"))
    assert page.status_code == 200
    assert b"Next nightly sync" in page.content
    assert b"1,200 rows" in page.content


def test_it_tells_the_next_night_in_the_apps_own_time(settings: Any, tmp_path: Any) -> None:
    tenant = make_app(timezone="Pacific/Auckland")
    make_connection(app_id=tenant.id, schedule_time="02:00")
    page = tenant.client().get(reverse("stripe_sync:data_sync")).content.decode()
    (told,) = re.findall(r"Next nightly sync: <time[^>]*>[^<]*, (02:\d\d)</time> \(Pacific/Auckland\)", page)
    assert "02:00" <= told <= "02:15"


def test_it_draws_the_drift_and_has_a_table_of_it(alice: Tenant, connection: Connection) -> None:
    client = alice.client()
    assert b"nobody knows whether data drifts" in client.get(reverse("stripe_sync:data_sync")).content
    make_run(
        alice, connection=connection, kind="reconciliation", counts={"drifted": 3}, finished_at=timezone.now()
    )
    page = client.get(reverse("stripe_sync:data_sync")).content.decode()
    assert page.count("<rect") == 30
    assert page.count('<td class="number"><span class="muted">no reconciliation') == 29
    assert '<td class="number">3</td>' in page


def test_it_answers_a_poll_with_the_open_runs_only(alice: Tenant, connection: Connection) -> None:
    make_run(alice, state="running")
    page = alice.client().get(
        reverse("stripe_sync:data_sync"), headers={"HX-Request": "true", "HX-Target": "open-runs"}
    )
    assert b"hx-trigger" in page.content
    assert b"<h1>" not in page.content


def test_it_stops_polling_when_nothing_runs(alice: Tenant) -> None:
    page = alice.client().get(
        reverse("stripe_sync:data_sync"), headers={"HX-Request": "true", "HX-Target": "open-runs"}
    )
    assert b"hx-trigger" not in page.content


def test_it_imports_an_upload(alice: Tenant) -> None:
    answer = upload(alice, "user_id,stripe_id\nu1,cus_1\n")
    run = SyncRun.objects.get(app_id=alice.id)
    assert answer.url == reverse("stripe_sync:run", args=[run.pk])
    tasks.import_waiting(str(alice.id))
    assert Identity.objects.get(app_id=alice.id).user_id == "u1"


def test_it_asks_for_the_file_that_is_missing(alice: Tenant) -> None:
    answer = alice.client().post(reverse("stripe_sync:upload"), {"mode": "full"})
    assert answer.status_code == 422


def test_it_lets_an_admin_confirm_a_stopped_import(alice: Tenant) -> None:
    upload(alice, "user_id,stripe_id\nu1,cus_1\nu2,\n")
    tasks.import_waiting(str(alice.id))
    run = SyncRun.objects.get(app_id=alice.id)
    assert run.state == SyncRun.State.STOPPED
    client = alice.client()
    assert b"Import anyway" in client.get(reverse("stripe_sync:run", args=[run.pk])).content
    client.post(reverse("stripe_sync:confirm_run", args=[run.pk]))
    tasks.import_waiting(str(alice.id))
    run.refresh_from_db()
    assert run.state == SyncRun.State.DONE


@pytest.mark.parametrize("kind", ["catalogue", "reconciliation"])
def test_it_starts_a_run_by_its_button(alice: Tenant, connection: Connection, kind: str) -> None:
    answer = alice.client().post(reverse("stripe_sync:start", args=[kind]))
    run = SyncRun.objects.get(app_id=alice.id)
    assert (run.kind, run.is_open) == (kind, True)
    assert answer.url == reverse("stripe_sync:run", args=[run.pk])


def test_it_cancels_a_waiting_run(alice: Tenant) -> None:
    run = make_run(alice, state="queued")
    alice.client().post(reverse("stripe_sync:cancel_run", args=[run.pk]))
    run.refresh_from_db()
    assert run.state == SyncRun.State.CANCELED


def test_it_shows_lines_links_and_drift_of_a_run(alice: Tenant, connection: Connection) -> None:
    run = make_run(
        alice,
        connection=connection,
        report={
            "sample": [{"change": "added", "user_id": "u7", "before": [None, None], "after": ["cus_7", None]}]
        },
    )
    RowError.objects.create(run=run, line=1234, code="no_link", message="both are empty")
    Drift.objects.create(
        run=run, resource="subscriptions", stripe_id="sub_1", cause="event_missing", before={"status": "active"},
        after={"status": "canceled"},
        traits=[{"user_id": "u8", "trait": "subscription_status", "before": "active", "after": "canceled"}],
    )  # fmt: skip
    content = alice.client().get(reverse("stripe_sync:run", args=[run.pk])).content.decode()
    for told in ("u7", "1,234", "both are empty", "sub_1", "u8", "No event came"):
        assert told in content


def test_it_defuses_formulas_in_the_download(alice: Tenant) -> None:
    run = make_run(alice)
    RowError.objects.create(run=run, line=2, code="no_link", message="m", row='=cmd|" /C calc"!A1,')
    answer = alice.client().get(reverse("stripe_sync:download_problems", args=[run.pk]))
    lines = b"".join(answer).decode().splitlines()
    assert lines[0] == "line,code,message,row"
    assert lines[1].startswith("2,no_link,m,\"'=cmd")


def test_it_adds_tests_and_removes_a_source(alice: Tenant, connection: Connection, tmp_path: Any) -> None:
    client = alice.client()
    folder = tmp_path / str(alice.id)
    folder.mkdir()
    client.post(
        reverse("stripe_sync:add_source"), {"url": folder.as_uri(), "mode": "full", "after_import": "leave"}
    )
    source = IdentitySource.objects.get(app_id=alice.id)
    answer = client.post(reverse("stripe_sync:test_source", args=[source.pk]), follow=True)
    assert b"can be read: 0 new files" in answer.content
    client.post(reverse("stripe_sync:remove_source", args=[source.pk]))
    assert not IdentitySource.objects.exists()


def test_it_tags_only_where_there_are_tags(alice: Tenant, connection: Connection) -> None:
    fields = {"url": "sftp://host/x", "mode": "full", "after_import": "tag"}
    credentials = '{"username": "u", "password": "p"}'
    answer = alice.client().post(reverse("stripe_sync:add_source"), {**fields, "credentials": credentials})
    assert answer.status_code == 422
    assert b"Only S3 has tags" in answer.content


def test_it_tells_the_apps_own_folder_and_refuses_another_apps(
    alice: Tenant, connection: Connection, tmp_path: Any
) -> None:
    client, bob = alice.client(), make_app()
    own = (tmp_path / str(alice.id)).as_uri()
    assert own in client.get(reverse("stripe_sync:data_sync")).content.decode()
    fields = {"url": (tmp_path / str(bob.id)).as_uri(), "mode": "full", "after_import": "leave"}
    assert client.post(reverse("stripe_sync:add_source"), fields).status_code == 422


def test_it_says_that_a_fetched_file_may_still_be_written(
    alice: Tenant, connection: Connection, tmp_path: Any
) -> None:
    folder = tmp_path / str(alice.id)
    write(folder, "users.csv", "user_id,stripe_id\nu1,cus_1\n", 0)
    source = IdentitySource.objects.create(app_id=alice.id, connection=connection, url=folder.as_uri())
    answer = alice.client().post(reverse("stripe_sync:fetch_source", args=[source.pk]), follow=True)
    assert b"it may still be written" in answer.content
    assert not SyncRun.objects.exists()


def test_it_cancels_the_waiting_files_of_a_source_that_is_removed(alice: Tenant, connection: Connection) -> None:
    """Without the source's credentials they would be opened with the server's own rights."""
    source = IdentitySource.objects.create(app_id=alice.id, connection=connection, url="s3://bucket/x")
    waiting = make_run(alice, state="queued", identity_source=source, source="s3://bucket/x/users.csv")
    alice.client().post(reverse("stripe_sync:remove_source", args=[source.pk]))
    waiting.refresh_from_db()
    assert waiting.state == SyncRun.State.CANCELED


def test_it_never_shows_credentials_again(alice: Tenant, connection: Connection) -> None:
    client = alice.client()
    fields = {"url": "s3://bucket/x", "mode": "full", "after_import": "tag"}
    client.post(reverse("stripe_sync:add_source"), {**fields, "credentials": '{"key": "k", "secret": "hushhush"}'})
    assert IdentitySource.objects.get().credentials.reveal()
    assert b"hushhush" not in client.get(reverse("stripe_sync:data_sync")).content


@pytest.mark.parametrize(
    "credentials", ['{"client_kwargs": {"endpoint_url": "http://10.0.0.1"}}', "not json", "[1]"]
)
def test_it_refuses_credentials_that_reach_elsewhere(
    alice: Tenant, connection: Connection, credentials: str
) -> None:
    fields = {"url": "s3://bucket/x", "mode": "full", "after_import": "tag", "credentials": credentials}
    assert alice.client().post(reverse("stripe_sync:add_source"), fields).status_code == 422


def test_it_finds_plans_by_product_name(alice: Tenant, connection: Connection) -> None:
    for name in ("Basic", "Premium"):
        Product.objects.create(connection=connection, stripe_id=f"prod_{name}", name=name, rank=1)
        Price.objects.create(
            connection=connection, stripe_id=f"price_{name}", product=f"prod_{name}", currency="usd",
            unit_amount=1000, interval="month", interval_count=1, rank=1,
        )  # fmt: skip
    page = alice.client().get(reverse("stripe_sync:catalogue"), {"q": "prem"}).content
    assert b"price_Premium" in page
    assert b"price_Basic" not in page
    assert b"$10 a month" in page


def test_it_says_why_a_coupon_cannot_be_used(alice: Tenant, connection: Connection) -> None:
    Coupon.objects.create(
        connection=connection, stripe_id="spent", duration="once", percent_off=10, max_redemptions=5,
        times_redeemed=5, rank=1,
    )  # fmt: skip
    address = reverse("stripe_sync:catalogue")
    assert b"spent" not in alice.client().get(address, {"kind": "coupons"}).content
    assert b"is used up" in alice.client().get(address, {"kind": "coupons", "archived": "on"}).content


@pytest.mark.parametrize("role", OTHERS)
def test_it_is_closed_to_those_who_may_not_change_settings(alice: Tenant, role: Role) -> None:
    client = alice.client(role)
    run = make_run(alice)
    for name, arguments in (
        ("data_sync", []),
        ("catalogue", []),
        ("run", [run.pk]),
        ("download_problems", [run.pk]),
    ):
        assert client.get(reverse(f"stripe_sync:{name}", args=arguments)).status_code == 403
    for name, arguments in (
        ("upload", []), ("start", ["catalogue"]), ("cancel_run", [run.pk]), ("confirm_run", [run.pk]),
        ("add_source", []), ("test_source", [1]), ("fetch_source", [1]), ("remove_source", [1]),
    ):  # fmt: skip
        assert client.post(reverse(f"stripe_sync:{name}", args=arguments)).status_code == 403


def test_it_shows_nothing_of_another_app(alice: Tenant) -> None:
    bob = make_app()
    run = make_run(bob, state="queued")
    source = IdentitySource.objects.create(
        app_id=bob.id, connection=make_connection(app_id=bob.id), url="s3://b/x"
    )
    client = alice.client()
    assert client.get(reverse("stripe_sync:run", args=[run.pk])).status_code == 404
    assert client.get(reverse("stripe_sync:download_problems", args=[run.pk])).status_code == 404
    assert client.post(reverse("stripe_sync:cancel_run", args=[run.pk])).status_code == 404
    assert client.post(reverse("stripe_sync:confirm_run", args=[run.pk])).status_code == 404
    for name in ("test_source", "fetch_source", "remove_source"):
        assert client.post(reverse(f"stripe_sync:{name}", args=[source.pk])).status_code == 404
    run.refresh_from_db()
    assert run.state == SyncRun.State.QUEUED
    assert client.get(reverse("stripe_sync:run", args=[uuid4()])).status_code == 404
