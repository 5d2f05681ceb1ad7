"""Two identity files at once for one App: the second waits until the first is in."""

import threading
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.db import connections

from sync.identity_import import import_identities
from sync.models import Identity, SyncRun
from tests.sync.waiting import wait_until_it_waits

pytestmark = pytest.mark.django_db(transaction=True)


class _Import(threading.Thread):
    """Imports one link; stops before the merge until ``go_on`` is set, if there is one."""

    def __init__(self, app_id: UUID, path: Path, customer: str, go_on: threading.Event | None = None) -> None:
        super().__init__(daemon=True)
        path.write_text(f"user_id,stripe_id\nada,{customer}\n")
        self._app_id, self._path, self._go_on = app_id, path, go_on
        self.before_the_merge = threading.Event()
        self.run_ended: SyncRun | None = None

    def run(self) -> None:
        try:
            self.run_ended = import_identities(
                app_id=self._app_id, source=str(self._path), started_by=self._path.name, on_progress=self._pause
            )
        finally:
            connections.close_all()

    def _pause(self, progress: dict[str, object]) -> None:
        if progress["step"] == "merging":
            self.before_the_merge.set()
            assert self._go_on is None or self._go_on.wait(60)


def test_it_lets_the_second_file_wait_for_the_first(tmp_path: Path) -> None:
    app_id, go_on = uuid4(), threading.Event()
    first = _Import(app_id, tmp_path / "first.csv", "cus_first", go_on)
    second = _Import(app_id, tmp_path / "second.csv", "cus_second")
    other = _Import(uuid4(), tmp_path / "other.csv", "cus_other")
    first.start()
    try:
        assert first.before_the_merge.wait(60)
        second.start()
        wait_until_it_waits(second, lock="advisory")
        assert SyncRun.objects.get(started_by="second.csv").state == SyncRun.State.QUEUED
        other.start()
        other.join(60)
        assert other.run_ended is not None  # another App's file does not wait
        assert not Identity.objects.filter(app_id=app_id).exists()
    finally:
        go_on.set()
    for one in (first, second):
        one.join(60)
        assert one.run_ended is not None
        assert one.run_ended.state == SyncRun.State.DONE
    assert Identity.objects.get(app_id=app_id).stripe_id == "cus_second"
