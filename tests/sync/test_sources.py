"""Where identity files come from."""

import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from connector.crypto import Secret
from connector.errors import InvalidInputError
from connector.models import Connection
from sync.identity_import import run_waiting_imports
from sync.models import Identity, IdentitySource, SyncRun
from sync.nights import queue_new_files
from sync.sources import SourceError, check_url, find_files, unseen_files
from tests.factories import make_connection

pytestmark = pytest.mark.django_db
ROW = "user_id,stripe_id\n{},cus_1\n"


def age(path: Path, content: str, seconds: int = 3600) -> None:
    """A file that was written ``seconds`` ago."""
    path.write_text(content)
    then = time.time() - seconds
    os.utime(path, (then, then))


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.ENGAGE_STRIPE = {**settings.ENGAGE_STRIPE, "IDENTITY_FOLDERS": [str(tmp_path)]}
    return tmp_path


def source_of(connection: Connection, url: str, **fields: Any) -> IdentitySource:
    return IdentitySource.objects.create(app_id=connection.app_id, connection=connection, url=url, **fields)


@pytest.fixture
def source(folder: Path) -> IdentitySource:
    return source_of(make_connection(), folder.as_uri())


def names(files: list[Any]) -> list[str]:
    return [file.url.rpartition("/")[2] for file in files]


def import_new(source: IdentitySource) -> int:
    queue_new_files(source)
    return run_waiting_imports(app_id=source.app_id)


def test_it_lists_identity_files_oldest_first(source: IdentitySource, folder: Path) -> None:
    age(folder / "new.csv", "", 100)
    age(folder / "old.csv.gz", "", 900)
    for ignored in ("_SUCCESS", ".hidden.csv", "part.csv.tmp"):
        age(folder / ignored, "")
    (folder / "done").mkdir()
    assert names(find_files(source)) == ["old.csv.gz", "new.csv"]


def test_it_leaves_a_file_alone_that_is_still_being_written(source: IdentitySource, folder: Path) -> None:
    age(folder / "old.csv", "")
    age(folder / "young.csv", "", 0)
    files, young = unseen_files(source)
    assert (names(files), young) == (["old.csv"], 1)


def test_it_imports_a_file_once_and_moves_it(source: IdentitySource, folder: Path) -> None:
    age(folder / "users.csv", ROW.format("u1"))
    assert import_new(source) == 1
    assert Identity.objects.get().user_id == "u1"
    assert [path.name[9:] for path in (folder / "done").iterdir()] == ["users.csv"]
    assert import_new(source) == 0


def test_it_does_not_import_an_unmoved_file_again_until_it_changes(source: IdentitySource, folder: Path) -> None:
    source.after_import = IdentitySource.AfterImport.LEAVE
    source.save()
    age(folder / "users.csv", ROW.format("u1"))
    assert import_new(source) == 1
    assert import_new(source) == 0
    age(folder / "users.csv", ROW.format("u2"), 200)
    assert import_new(source) == 1


def test_it_imports_the_oldest_file_first(source: IdentitySource, folder: Path) -> None:
    age(folder / "a.csv", "user_id,stripe_id\nu1,cus_new\n", 100)
    age(folder / "b.csv", "user_id,stripe_id\nu1,cus_old\n", 900)
    import_new(source)
    assert Identity.objects.get().stripe_id == "cus_new"


def test_it_keeps_a_failed_file_where_it_is(source: IdentitySource, folder: Path) -> None:
    age(folder / "users.csv", "nonsense\n")
    import_new(source)
    assert SyncRun.objects.get().state == SyncRun.State.FAILED
    assert (folder / "users.csv").exists()


@pytest.mark.parametrize(
    "url",
    ["http://example.com/x", "/etc", "file:///etc", "simplecache::s3://bucket", "memory://x", "file://{}/../.."],
)
def test_it_refuses_urls_that_no_admin_may_read(folder: Path, url: str) -> None:
    with pytest.raises(InvalidInputError):
        check_url(url.format(folder))


def test_it_says_why_a_source_cannot_be_read(source: IdentitySource, folder: Path) -> None:
    source.url = f"{folder.as_uri()}/missing"
    with pytest.raises(SourceError, match="missing"):
        find_files(source)


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The URL of a server that speaks S3's API."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3: str, settings: Any) -> Any:
    settings.ENGAGE_STRIPE = {**settings.ENGAGE_STRIPE, "S3_ENDPOINT_URL": s3}
    client = boto3.client(
        "s3", endpoint_url=s3, region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s"
    )
    client.create_bucket(Bucket="ingest-bucket")
    return client


CREDENTIALS = Secret('{"key": "k", "secret": "s"}')


@pytest.mark.parametrize("after", list(IdentitySource.AfterImport))
def test_it_imports_from_s3(bucket: Any, monkeypatch: pytest.MonkeyPatch, after: str) -> None:
    monkeypatch.setattr("sync.sources.SETTLED", timedelta(seconds=-5))
    key = f"ingest/{after}.csv"
    bucket.put_object(Bucket="ingest-bucket", Key=key, Body=ROW.format("u1").encode())
    source = source_of(make_connection(), "s3://ingest-bucket/ingest", credentials=CREDENTIALS, after_import=after)
    assert import_new(source) == 1
    run = SyncRun.objects.get(identity_source=source)
    assert (run.state, run.error) == ("done", "")
    assert import_new(source) == 0
    keys = [entry["Key"] for entry in bucket.list_objects_v2(Bucket="ingest-bucket")["Contents"]]
    assert (key in keys) == (after != IdentitySource.AfterImport.MOVE)
    if after == IdentitySource.AfterImport.TAG:
        tags = bucket.get_object_tagging(Bucket="ingest-bucket", Key=key)["TagSet"]
        assert tags == [{"Key": "engage-import", "Value": "done"}]
    for key in keys:
        bucket.delete_object(Bucket="ingest-bucket", Key=key)


def test_it_says_why_a_bucket_cannot_be_read(bucket: Any) -> None:
    source = source_of(make_connection(), "s3://no-such-bucket/x", credentials=CREDENTIALS)
    with pytest.raises(SourceError, match="no-such-bucket"):
        find_files(source)
