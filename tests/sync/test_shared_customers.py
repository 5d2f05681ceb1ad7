"""Customers that several users share are looked for beside the merge, in a session of its own."""

from pathlib import Path
from uuid import uuid4

import pytest

from sync import shared_customers
from sync.identity_import import import_identities
from sync.models import Identity, SyncRun

pytestmark = pytest.mark.django_db(transaction=True)


def import_rows(path: Path, *rows: str) -> SyncRun:
    path.write_text("user_id,stripe_id\n" + "\n".join(rows) + "\n")
    return import_identities(app_id=uuid4(), source=str(path))


def test_it_remarks_on_shared_customers_and_keeps_their_links(tmp_path: Path) -> None:
    run = import_rows(tmp_path / "users.csv", "ada,cus_1", "bob,cus_2", "eve,cus_1", "kim,cus_2", "joe,cus_3")

    assert [(one.line, one.code) for one in run.row_errors.order_by("line")] == [
        (2, "shared_stripe_id"),
        (3, "shared_stripe_id"),
    ]
    assert (run.state, run.counts["shared"], run.counts["added"]) == (SyncRun.State.DONE, 2, 5)
    assert Identity.objects.filter(app_id=run.app_id).count() == 5


def test_it_does_not_take_a_user_that_comes_twice_for_two_users(tmp_path: Path) -> None:
    run = import_rows(tmp_path / "users.csv", "ada,cus_1", "ada,cus_1")

    assert [one.code for one in run.row_errors.all()] == ["repeated_user"]
    assert run.counts["shared"] == 0


def test_it_changes_nothing_where_the_search_breaks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> bool:
        raise RuntimeError("the session is gone")

    monkeypatch.setattr(shared_customers, "may_repeat", broken)

    with pytest.raises(RuntimeError):
        import_rows(tmp_path / "users.csv", "ada,cus_1")

    assert not Identity.objects.exists()
    assert SyncRun.objects.get().state == SyncRun.State.FAILED
