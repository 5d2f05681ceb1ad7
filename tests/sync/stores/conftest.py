"""Every kind of store that a source can lie in, each behind a real server, one way to put files there and look."""

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import gcsfs
import pytest
from moto.server import ThreadedMotoServer

from connector.crypto import Secret
from connector.models import Connection
from sync.models import IdentitySource
from tests.factories import make_connection
from tests.sync.stores.azure_blobs import ACCOUNT, ACCOUNT_KEY, CONTAINER, BlobServer
from tests.sync.stores.google_objects import BUCKET, TokenServer, running_storage_server
from tests.sync.stores.serving import serving
from tests.sync.stores.sftp_server import PASSWORD, USER, running_sftp_server


@dataclass
class Store:
    """``put(name, content, seconds_ago)`` writes a file; ``names()`` lists what is there, folders and all."""

    url: str
    put: Callable[[str, str, float], object]
    names: Callable[[], list[str]]
    credentials: dict[str, Any] = field(default_factory=dict)

    def source(self, connection: Connection, **fields: Any) -> IdentitySource:
        return IdentitySource.objects.create(
            app_id=connection.app_id,
            connection=connection,
            credentials=Secret(json.dumps(self.credentials) if self.credentials else ""),
            **{"url": self.url, **fields},
        )


def write(folder: Path, name: str, content: str, seconds_ago: float) -> None:
    """A file that was written ``seconds_ago``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(content)
    then = time.time() - seconds_ago
    os.utime(folder / name, (then, then))


def list_names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def connection(db: None) -> Connection:
    return make_connection()


@pytest.fixture
def file_store(connection: Connection, tmp_path: Path, settings: Any) -> Store:
    settings.ENGAGE_STRIPE = {**settings.ENGAGE_STRIPE, "IDENTITY_FOLDERS": [str(tmp_path)]}
    folder = tmp_path / str(connection.app_id)
    folder.mkdir()
    return Store(folder.as_uri(), partial(write, folder), partial(list_names, folder))


@pytest.fixture
def sftp_store(tmp_path: Path) -> Iterator[Store]:
    folder = tmp_path / "ingest"
    folder.mkdir()
    with running_sftp_server(tmp_path) as (port, host_key):
        yield Store(
            "sftp://127.0.0.1/ingest",
            partial(write, folder),
            partial(list_names, folder),
            {"username": USER, "password": PASSWORD, "port": port, "host_key": host_key},
        )


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The URL of a server that speaks S3's API."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_client(s3: str, settings: Any) -> Any:
    settings.ENGAGE_STRIPE = {**settings.ENGAGE_STRIPE, "S3_ENDPOINT_URL": s3}
    return boto3.client(
        "s3", endpoint_url=s3, region_name="us-east-1", aws_access_key_id="key1", aws_secret_access_key="secret1"
    )


@pytest.fixture
def s3_store(s3_client: Any, connection: Connection) -> Store:
    bucket = f"ingest-{connection.app_id}"
    s3_client.create_bucket(Bucket=bucket)

    def put(name: str, content: str, _: float) -> None:
        s3_client.put_object(Bucket=bucket, Key=f"ingest/{name}", Body=content.encode())

    def names() -> list[str]:
        listed = s3_client.list_objects_v2(Bucket=bucket).get("Contents", [])
        return [entry["Key"].removeprefix("ingest/") for entry in listed]

    return Store(f"s3://{bucket}/ingest", put, names, {"key": "key1", "secret": "secret1"})


@pytest.fixture(scope="session")
def google_tokens() -> Iterator[TokenServer]:
    with serving(TokenServer()) as server:
        yield server


@pytest.fixture
def gs_store(google_tokens: TokenServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    with running_storage_server() as url:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", url)
        monkeypatch.setattr("sync.stores.GOOGLE_TOKENS", google_tokens.url)
        bucket = gcsfs.core.GCSFileSystem(token="anon", endpoint_url=url, skip_instance_cache=True)

        def put(name: str, content: str, _: float) -> None:
            bucket.pipe(f"{BUCKET}/ingest/{name}", content.encode())

        def names() -> list[str]:
            bucket.invalidate_cache()
            return [name.partition("/ingest/")[2] for name in bucket.find(f"{BUCKET}/ingest")]

        yield Store(f"gs://{BUCKET}/ingest", put, names, {"token": google_tokens.service_account()})


@pytest.fixture
def blob_server(settings: Any) -> Iterator[BlobServer]:
    with serving(BlobServer()) as server:
        settings.ENGAGE_STRIPE = {**settings.ENGAGE_STRIPE, "AZURE_BLOB_URL": server.url}
        yield server


@pytest.fixture
def abfs_store(blob_server: BlobServer) -> Store:
    def put(name: str, content: str, seconds_ago: float) -> None:
        blob_server.put(f"ingest/{name}", content.encode(), seconds_ago)

    def names() -> list[str]:
        return sorted(name.removeprefix("ingest/") for name in blob_server.blobs)

    credentials = {"account_name": ACCOUNT, "account_key": ACCOUNT_KEY}
    return Store(f"abfs://{CONTAINER}/ingest", put, names, credentials)


KINDS = ("file", "s3", "gs", "abfs", "sftp")


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest) -> Store:
    """Each kind in turn."""
    found: Store = request.getfixturevalue(f"{request.param}_store")
    return found
