"""What may be a source, and which of its files are new. What is the same for every store is in ``stores``."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from connector.errors import InvalidInputError
from connector.models import Connection
from sync import nights
from sync.identity_import import run_waiting_imports
from sync.models import IdentitySource, Night, SyncRun
from sync.nights import queue_new_files
from sync.stores import check_source, hide
from tests.factories import make_connection
from tests.faults.live_processes import database_url
from tests.sync.stores.conftest import write

pytestmark = pytest.mark.django_db
ROW = "user_id,stripe_id\n{},cus_1\n"
APP = uuid4()


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    """The one that the operator opened, for all Apps."""
    settings.ENGAGE_STRIPE = {**settings.ENGAGE_STRIPE, "IDENTITY_FOLDERS": [str(tmp_path), "s3://shared/ingest"]}
    return tmp_path


@pytest.fixture
def connection(folder: Path) -> Connection:
    return make_connection()


@pytest.fixture
def source(connection: Connection, folder: Path) -> IdentitySource:
    url = (folder / str(connection.app_id)).as_uri()
    return IdentitySource.objects.create(app_id=connection.app_id, connection=connection, url=url)


def put(source: IdentitySource, name: str, content: str, seconds_ago: float = 7200) -> Path:
    write(Path(source.url.removeprefix("file://")), name, content, seconds_ago)
    return Path(source.url.removeprefix("file://")) / name


def import_new(source: IdentitySource) -> int:
    queue_new_files(source)
    return run_waiting_imports(app_id=source.app_id)


def test_it_keeps_a_bad_file_where_it_is_and_leaves_it_alone(source: IdentitySource) -> None:
    path = put(source, "users.csv", "nonsense\n")
    assert import_new(source) == 1
    assert SyncRun.objects.get().state == SyncRun.State.FAILED
    assert path.exists()
    assert import_new(source) == 0


def test_it_tries_a_file_again_that_could_not_be_read(source: IdentitySource) -> None:
    path = put(source, "users.csv", ROW.format("u1"))
    queue_new_files(source)
    path.rename(path.with_suffix(".gone"))
    run_waiting_imports(app_id=source.app_id)
    assert "cannot be opened" in SyncRun.objects.get().error
    path.with_suffix(".gone").rename(path)
    assert import_new(source) == 1
    assert list(SyncRun.objects.order_by("created_at").values_list("state", flat=True)) == ["failed", "done"]


def test_it_queues_a_file_once_however_often_it_looks(source: IdentitySource) -> None:
    put(source, "users.csv", ROW.format("u1"))
    queue_new_files(source)
    queue_new_files(source)
    assert SyncRun.objects.count() == 1


@pytest.mark.parametrize("moved", [False, True], ids=["before the move", "after the move"])
def test_it_puts_away_the_file_of_an_import_that_was_killed_right_after(
    source: IdentitySource, moved: bool
) -> None:
    path = put(source, "users.csv", ROW.format("u1"))
    queue_new_files(source)
    SyncRun.objects.update(state=SyncRun.State.DONE, follow_up=True)
    if moved:
        path.unlink()
    run_waiting_imports(app_id=source.app_id)
    assert not path.exists()
    run = SyncRun.objects.get()
    assert (run.follow_up, run.error) == (False, "")


def test_it_says_that_a_file_was_imported_and_not_put_away(source: IdentitySource) -> None:
    path = put(source, "users.csv", ROW.format("u1"))
    (path.parent / "done").write_text("a file where the folder should be")
    import_new(source)
    run = SyncRun.objects.get()
    assert run.state == SyncRun.State.DONE
    assert "could not be put away" in run.error
    assert path.exists()


def test_it_goes_on_after_an_hour_without_a_file_that_is_still_written_and_says_so(source: IdentitySource) -> None:
    put(source, "users.csv", ROW.format("u1"), seconds_ago=0)
    assert queue_new_files(source) == 1
    assert source.error == ""
    queue_new_files(source, may_wait=False)
    assert source.error == "Still being written after an hour, so left for the next night: users.csv"


def test_it_waits_for_a_file_that_another_process_imports(source: IdentitySource) -> None:
    """Else the night would compare with Stripe, and tell the admins, before its links are there."""
    night = Night.objects.create(connection=source.connection, local_date="2026-01-10")
    put(source, "users.csv", ROW.format("u1"))
    with psycopg.connect(database_url()) as other:
        other.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"identities:{source.app_id}"])
        nights.work_night(night)
        assert (night.step, night.runs.get().state) == (Night.Step.IDENTITIES, SyncRun.State.QUEUED)
    assert nights._import_files(night)
    assert night.runs.get().state == SyncRun.State.DONE


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/x", "/etc", "simplecache::s3://bucket", "memory://x", "s3://shared/ingest/{app}/../other",
        "sftp://acme:secret@host/ingest", "abfs://box@account.dfs.core.windows.net/x", "s3://bucket/x?versionId=1",
    ],
)  # fmt: skip
def test_it_refuses_urls_that_are_no_plain_folder_of_a_known_store(folder: Path, url: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        check_source(app_id=APP, url=url.format(app=APP), credentials={})
    assert refused.value.code == "bad_source_url"


@pytest.mark.parametrize(
    "url", ["file:///etc", "file://{folder}", "file://{folder}/{other}", "file://{folder}/link"]
)
def test_it_refuses_local_folders_that_are_not_the_apps_own(folder: Path, url: str) -> None:
    (folder / "link").symlink_to("/etc")
    with pytest.raises(InvalidInputError, match=str(APP)):
        check_source(app_id=APP, url=url.format(folder=folder, other=uuid4()), credentials={})


@pytest.mark.parametrize(
    "url", ["file://{folder}/{app}", "file://{folder}/{app}/nightly", "s3://shared/ingest/{app}"]
)
def test_it_reads_with_the_servers_own_rights_what_the_operator_opened_to_the_app(folder: Path, url: str) -> None:
    check_source(app_id=APP, url=url.format(folder=folder, app=APP), credentials={})


GOOD: list[tuple[str, dict[str, Any]]] = [
    ("s3://bucket/x", {"key": "k", "secret": "s"}),
    ("s3://bucket/x", {"key": "k", "secret": "s", "token": "t"}),
    ("gs://bucket/x", {"token": {"type": "service_account"}}),
    ("abfs://box/x", {"account_name": "acme1", "account_key": "k"}),
    ("abfs://box/x", {"account_name": "acme1", "sas_token": "s"}),
    ("sftp://host/x", {"username": "u", "password": "p", "port": 2222, "host_key": f"SHA256:{'a' * 43}"}),
]


@pytest.mark.parametrize(("url", "credentials"), GOOD)
def test_it_takes_credentials_that_a_store_needs(url: str, credentials: dict[str, Any]) -> None:
    check_source(app_id=APP, url=url, credentials=credentials)


@pytest.mark.parametrize(
    ("url", "credentials"),
    [
        # The libraries would fall back on what the server itself may do.
        ("s3://bucket/x", {}),
        ("s3://shared/ingest/elsewhere", {}),
        ("s3://bucket/x", {"key": "k"}),
        ("s3://bucket/x", {"key": "k", "secret": ""}),
        ("gs://bucket/x", {"project": "p"}),
        ("abfs://box/x", {"account_name": "acme1"}),
        ("sftp://host/x", {"username": "u"}),
        # These would read files of the server, or reach into its network.
        ("gs://bucket/x", {"token": "/etc/passwd"}),
        ("gs://bucket/x", {"token": {"type": "external_account", "credential_source": {"file": "/etc/passwd"}}}),
        ("s3://bucket/x", {"key": "k", "secret": "s", "client_kwargs": {"endpoint_url": "http://10.0.0.1"}}),
        ("abfs://box/x", {"account_name": "10.0.0.1/#", "account_key": "k"}),
        ("abfs://box/x", {"account_name": "acme1", "account_key": "k;BlobEndpoint=http://10.0.0.1"}),
        ("sftp://host/x", {"username": "u", "password": "p", "sock": 3}),
        ("sftp://host/x", {"username": "u", "password": "p", "port": "22; x"}),
        ("sftp://host/x", {"username": "u", "password": "p", "host_key": "MD5:aa:bb"}),
    ],
)  # fmt: skip
def test_it_refuses_credentials_that_are_incomplete_or_reach_elsewhere(
    folder: Path, url: str, credentials: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        check_source(app_id=APP, url=url, credentials=credentials)
    assert refused.value.code == "bad_credentials"


def test_it_hides_credentials_that_an_error_repeats() -> None:
    told = hide("403 for AKIA1 with s3cr3t-and-more", {"key": "AKIA1", "secret": "s3cr3t-and-more", "port": 22})
    assert told == "403 for … with …"
