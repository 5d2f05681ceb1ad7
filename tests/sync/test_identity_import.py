"""Importing an identity file into an App's links."""

import gzip
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from sync import identity_import, identity_rows, identity_staging
from sync.identity_import import confirm_import, import_identities, queue_import, run_waiting_imports
from sync.identity_staging import drop_left_behind
from sync.models import Identity, PendingProjection, RefreshRequest, SyncRun
from sync.runs import cancel
from tests.factories import make_app, make_connection

pytestmark = pytest.mark.django_db

HEADER = "user_id,stripe_id,email_address\n"


@pytest.fixture
def write(tmp_path: Path):
    def write_file(content: str | bytes, name: str = "users.csv") -> str:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return write_file


def links(app_id: UUID) -> dict[str, tuple[str | None, str | None]]:
    rows = Identity.objects.filter(app_id=app_id).values_list("user_id", "stripe_id", "email_address")
    return {user_id: (stripe_id, email) for user_id, stripe_id, email in rows}


def codes(run: SyncRun) -> list[tuple[int, str]]:
    return list(run.row_errors.order_by("line").values_list("line", "code"))


def many(count: int) -> str:
    return "".join(f"u{n},cus_{n},\n" for n in range(count))


def test_it_links_users_by_stripe_id_and_by_email(write) -> None:
    app_id = uuid4()
    run = import_identities(app_id=app_id, source=write(HEADER + "u1,cus_1,\nu2,,a@example.com\nu3,cus_3,b@x.y\n"))
    assert run.state == SyncRun.State.DONE
    assert links(app_id) == {"u1": ("cus_1", None), "u2": (None, "a@example.com"), "u3": ("cus_3", "b@x.y")}
    assert (run.counts["rows"], run.counts["added"], run.counts["bad"]) == (3, 3, 0)


@pytest.mark.parametrize("end", ["last,cus_1", '"last,cus_1', 'last,"cus_1,\n'])
def test_it_refuses_a_file_that_was_cut_off(write, end: str) -> None:
    app_id = uuid4()
    import_identities(app_id=app_id, source=write(HEADER + many(3)))
    run = import_identities(app_id=app_id, source=write(HEADER + many(20) + end))
    assert run.state == SyncRun.State.FAILED
    assert "middle of line 22" in run.error
    assert len(links(app_id)) == 3


def test_it_takes_a_whole_file_without_a_last_line_end(write) -> None:
    app_id = uuid4()
    run = import_identities(app_id=app_id, source=write(HEADER + "u1,cus_1,\nu2,cus_2,"))
    assert (run.state, run.counts["rows"]) == (SyncRun.State.DONE, 2)


def test_it_keeps_to_its_own_app(write) -> None:
    mine, other = uuid4(), uuid4()
    import_identities(app_id=other, source=write(HEADER + "u1,cus_other,\n"))
    import_identities(app_id=mine, source=write(HEADER + "u2,cus_2,\n"), mode="full")
    assert links(other) == {"u1": ("cus_other", None)}


def test_it_counts_what_an_import_changes(write) -> None:
    app_id = uuid4()
    import_identities(app_id=app_id, source=write(HEADER + "u1,cus_1,\nu2,cus_2,\n"))
    run = import_identities(app_id=app_id, source=write(HEADER + "u1,cus_1,\nu2,cus_new,\nu3,cus_3,\n"))
    assert {name: run.counts[name] for name in ("added", "changed", "unchanged", "removed")} == {
        "added": 1, "changed": 1, "unchanged": 1, "removed": 0,
    }  # fmt: skip


def test_it_skips_bad_rows_and_reports_them_by_line(write) -> None:
    app_id = uuid4()
    run = import_identities(app_id=app_id, source=write(HEADER + many(20) + ",cus_x,\nu30,,\nu31,sub_1,\n"))
    assert run.state == SyncRun.State.DONE
    assert codes(run) == [(22, "no_user_id"), (23, "no_link"), (24, "bad_stripe_id")]
    assert len(links(app_id)) == 20


def test_it_takes_the_last_row_of_a_repeated_user(write) -> None:
    app_id = uuid4()
    run = import_identities(app_id=app_id, source=write(HEADER + "u1,cus_1,\nu2,cus_2,\nu1,cus_3,\n"))
    assert links(app_id)["u1"] == ("cus_3", None)
    assert codes(run) == [(2, "repeated_user")]
    assert run.counts["repeated"] == 1


def test_it_keeps_and_reports_a_customer_that_several_users_share(write) -> None:
    app_id = uuid4()
    run = import_identities(app_id=app_id, source=write(HEADER + "u1,cus_1,\nu2,cus_1,\n"))
    assert links(app_id) == {"u1": ("cus_1", None), "u2": ("cus_1", None)}
    assert codes(run) == [(2, "shared_stripe_id")]
    assert run.counts["shared"] == 1


@pytest.mark.parametrize("mode", ["incremental", "full"])
@pytest.mark.parametrize("other_links", [0, 40])
def test_it_reports_a_repeated_user_whose_link_stays_the_same(write, mode: str, other_links: int) -> None:
    """Among as many links as the file has, and among many more, which are compared in another way."""
    app_id = uuid4()
    import_identities(app_id=app_id, source=write(HEADER + many(other_links) + "a,cus_a,\nb,cus_b,\n"))
    run = import_identities(
        app_id=app_id, source=write(HEADER + "a,cus_a,\nb,cus_b,\na,cus_a,\n"), mode=mode, confirmed=True
    )
    assert codes(run) == [(2, "repeated_user")]
    assert (run.counts["repeated"], run.counts["unchanged"], run.counts["added"], run.counts["changed"]) == (
        1,
        2,
        0,
        0,
    )
    assert len(links(app_id)) == 2 + (other_links if mode == "incremental" else 0)


def test_it_shows_no_user_that_the_file_leaves_alone(write) -> None:
    app_id = uuid4()
    import_identities(app_id=app_id, source=write(HEADER + many(10)))
    run = import_identities(app_id=app_id, source=write(HEADER + "u1,cus_new,\nu2,cus_2,\nu3,cus_3,\n"))
    assert [change["user_id"] for change in run.report["sample"]] == ["u1"]


def test_it_drops_its_staging_table_whatever_happens(write) -> None:
    for content in (HEADER + "u1,cus_1,\n", HEADER + "u1,cus_1,\nu2,cus_2"):
        import_identities(app_id=uuid4(), source=write(content))
    assert drop_left_behind() == 0


def test_it_drops_the_staging_tables_of_killed_imports() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE UNLOGGED TABLE stripe_sync_staged_{uuid4().hex} (line bigint)")
    assert drop_left_behind() == 1
    assert drop_left_behind() == 0


def test_it_removes_absent_users_in_full_mode_only(write) -> None:
    app_id = uuid4()
    import_identities(app_id=app_id, source=write(HEADER + many(10)))
    import_identities(app_id=app_id, source=write(HEADER + many(8)))
    assert len(links(app_id)) == 10
    run = import_identities(app_id=app_id, source=write(HEADER + many(8)), mode="full")
    assert len(links(app_id)) == 8
    assert run.counts["removed"] == 2


def test_it_stops_at_too_many_bad_rows_until_an_admin_confirms(write) -> None:
    app_id = uuid4()
    run = import_identities(app_id=app_id, source=write(HEADER + many(7) + "x,,\ny,,\n"))
    assert run.state == SyncRun.State.STOPPED
    assert "2 of 9" in run.error
    assert links(app_id) == {}
    assert codes(run) == [(9, "no_link"), (10, "no_link")]
    confirm_import(app_id=app_id, run_id=run.pk, confirmed_by="ada@example.com")
    assert run_waiting_imports(app_id=app_id) == 1
    run.refresh_from_db()
    assert run.state == SyncRun.State.DONE
    assert len(links(app_id)) == 7


def test_it_lets_exactly_a_fifth_of_bad_rows_pass(write) -> None:
    app_id = uuid4()
    assert import_identities(app_id=app_id, source=write(HEADER + many(4) + "x,,\n")).state == "done"


def test_it_stops_a_full_file_that_would_remove_too_many(write) -> None:
    app_id = uuid4()
    import_identities(app_id=app_id, source=write(HEADER + many(10)))
    run = import_identities(app_id=app_id, source=write(HEADER + many(6)), mode="full")
    assert run.state == SyncRun.State.STOPPED
    assert "4 of 10" in run.error
    assert len(links(app_id)) == 10
    run = import_identities(app_id=app_id, source=write(HEADER + many(6)), mode="full", confirmed=True)
    assert run.state == SyncRun.State.DONE
    assert len(links(app_id)) == 6


def test_it_shows_what_a_dry_run_would_change_and_changes_nothing(write) -> None:
    app_id = uuid4()
    import_identities(app_id=app_id, source=write(HEADER + "u1,cus_1,\n"))
    run = import_identities(app_id=app_id, source=write(HEADER + "u1,cus_9,\nu2,cus_2,\n"), dry_run=True)
    assert links(app_id) == {"u1": ("cus_1", None)}
    assert run.counts["added"] == run.counts["changed"] == 1
    assert {"change": "changed", "user_id": "u1", "before": ["cus_1", None], "after": ["cus_9", None]} in (
        run.report["sample"]
    )


def test_it_reads_compressed_files_whatever_their_name(write) -> None:
    app_id = uuid4()
    import_identities(app_id=app_id, source=write(gzip.compress((HEADER + "u1,cus_1,\n").encode())))
    assert links(app_id) == {"u1": ("cus_1", None)}


def test_it_fails_with_the_byte_that_is_not_utf8_and_changes_nothing(write) -> None:
    app_id = uuid4()
    run = import_identities(app_id=app_id, source=write(HEADER.encode() + b"u1,cus_1,\nu2,,\xe9@x.y\n"))
    assert run.state == SyncRun.State.FAILED
    assert run.report["error"]["details"] == {"byte_offset": len(HEADER) + 14}
    assert links(app_id) == {}


def test_it_fails_with_a_clear_message_where_the_file_is_not_there() -> None:
    run = import_identities(app_id=uuid4(), source="/nowhere/users.csv")
    assert run.state == SyncRun.State.FAILED
    assert "/nowhere/users.csv" in run.error


def test_it_lists_ignored_columns(write) -> None:
    run = import_identities(app_id=uuid4(), source=write("user_id;plan;stripe_id;age\nu1;gold;cus_1;7\n"))
    assert run.report["ignored_columns"] == ["plan", "age"]


def test_it_keeps_the_first_thousand_row_errors_and_counts_the_rest(write) -> None:
    run = import_identities(app_id=uuid4(), source=write(HEADER + "x,,\n" * 1200), confirmed=True)
    assert run.counts["bad"] == 1200
    assert run.row_errors.count() == 1000


def test_it_imports_waiting_files_oldest_first(write) -> None:
    app_id = uuid4()
    older = queue_import(app_id=app_id, source=write(HEADER + "u1,cus_old,\n", "older.csv"))
    newer = import_identities(app_id=app_id, source=write(HEADER + "u1,cus_new,\n", "newer.csv"))
    older.refresh_from_db()
    assert older.state == newer.state == SyncRun.State.DONE
    assert links(app_id) == {"u1": ("cus_new", None)}


def test_it_takes_up_an_import_that_was_killed(write) -> None:
    app_id = uuid4()
    run = queue_import(app_id=app_id, source=write(HEADER + "u1,cus_1,\n"))
    SyncRun.objects.filter(pk=run.pk).update(state=SyncRun.State.RUNNING, attempts=1)
    run_waiting_imports(app_id=app_id)
    run.refresh_from_db()
    assert run.state == SyncRun.State.DONE


def test_it_gives_up_on_an_import_that_is_killed_every_time(write) -> None:
    app_id = uuid4()
    run = queue_import(app_id=app_id, source=write(HEADER + "u1,cus_1,\n"))
    SyncRun.objects.filter(pk=run.pk).update(state=SyncRun.State.RUNNING, attempts=3)
    run_waiting_imports(app_id=app_id)
    run.refresh_from_db()
    assert run.state == SyncRun.State.FAILED


def test_it_does_not_import_a_canceled_file(write) -> None:
    app_id = uuid4()
    run = queue_import(app_id=app_id, source=write(HEADER + "u1,cus_1,\n"))
    cancel(app_id=app_id, run_id=run.pk)
    assert run_waiting_imports(app_id=app_id) == 0
    assert links(app_id) == {}


def test_it_changes_nothing_when_it_is_canceled_on_the_way(write) -> None:
    app_id = uuid4()

    run = queue_import(app_id=app_id, source=write(HEADER + "u1,cus_1,\n"))
    SyncRun.objects.filter(pk=run.pk).update(cancel_requested=True)
    run_waiting_imports(app_id=app_id)
    run.refresh_from_db()
    assert run.state == SyncRun.State.CANCELED
    assert links(app_id) == {}


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress is reported after every few rows, as it is after every half second of a big file."""
    monkeypatch.setattr(identity_rows, "CHUNK", 64)
    monkeypatch.setattr(identity_staging, "CHUNKS_AT_ONCE", 1)
    monkeypatch.setattr(identity_import, "_REPORT_EVERY", 0)


def test_it_tells_how_far_it_is(write, small_steps: None) -> None:
    """To whoever started it, to the API and to the page."""
    tenant, told = make_app(), []

    def look(progress: dict[str, Any]) -> None:
        (run,) = Client().get("/api/v1/runs/", headers=tenant.api_headers).json()
        assert run["progress"] == progress
        told.append(progress)

    run = import_identities(app_id=tenant.id, source=write(HEADER + many(100)), on_progress=look)
    reading = [progress for progress in told if progress["step"] == "reading"]
    assert len(reading) > 10
    assert [progress["rows"] for progress in reading] == sorted({progress["rows"] for progress in reading})
    assert all(0 < progress["share"] <= 1 for progress in reading)
    assert all(progress["rows_per_second"] > 0 and progress["seconds_left"] >= 0 for progress in reading)
    assert (told[-1]["step"], told[-1]["rows"], told[-1]["share"]) == ("merging", 100, 1.0)
    SyncRun.objects.filter(pk=run.pk).update(state=SyncRun.State.RUNNING, progress={**told[-1], "seconds_left": 7})
    page = tenant.client().get(reverse("stripe_sync:run", args=[run.pk])).content.decode()
    assert "100 rows, " in page
    assert "a second, 7 s left" in page
    assert '<progress aria-label="Identity CSV" value="1.0' in page


def test_it_stops_between_two_steps_when_it_is_canceled(write, small_steps: None) -> None:
    app_id = uuid4()
    import_identities(app_id=app_id, source=write(HEADER + "u1,cus_old,\n"))
    told = []

    def stop(progress: dict[str, Any]) -> None:
        told.append(progress)
        cancel(app_id=app_id, run_id=SyncRun.objects.get(app_id=app_id, state="running").pk)

    run = import_identities(app_id=app_id, source=write(HEADER + many(100)), on_progress=stop)
    assert (run.state, len(told)) == (SyncRun.State.CANCELED, 1)
    assert links(app_id) == {"u1": ("cus_old", None)}


def test_it_asks_for_customers_that_the_mirror_does_not_know(write) -> None:
    stripe = make_connection()
    import_identities(app_id=stripe.app_id, source=write(HEADER + "u1,cus_1,\n"))
    assert list(RefreshRequest.objects.values_list("connection", "stripe_id")) == [(stripe.id, "cus_1")]


def test_it_leaves_no_user_unprojected(write) -> None:
    import_identities(app_id=make_connection().app_id, source=write(HEADER + many(3)))
    assert not PendingProjection.objects.exists()
