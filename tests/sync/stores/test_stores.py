"""Every kind of store behaves the same, each behind a real server."""

import threading
from datetime import timedelta
from typing import Any

import paramiko
import pytest
from django.utils import timezone
from moto.s3.models import s3_backends

from connector.models import Connection
from sync.identity_import import run_waiting_imports
from sync.models import Identity, IdentitySource, SyncRun
from sync.nights import queue_new_files
from sync.sources import SourceError, find_files, unseen_files
from tests.sync.stores.conftest import Store

HOURS_AGO = 7200.0
ROW = "user_id,stripe_id\n{},cus_1\n"


def import_new(source: IdentitySource) -> int:
    queue_new_files(source)
    return run_waiting_imports(app_id=source.app_id)


def names(files: list[Any]) -> list[str]:
    return [file.url.rpartition("/")[2] for file in files]


def test_it_imports_a_file_once_and_moves_it(connection: Connection, store: Store) -> None:
    source = store.source(connection)
    store.put("users.csv", ROW.format("u1"), HOURS_AGO)
    assert import_new(source) == 1
    run = SyncRun.objects.get(identity_source=source)
    assert (run.state, run.error, run.source) == ("done", "", f"{store.url}/users.csv")
    assert Identity.objects.get(app_id=connection.app_id).user_id == "u1"
    assert store.names() == [f"done/{run.fingerprint[:8]}-users.csv"]
    assert import_new(source) == 0


def test_it_does_not_import_a_file_again_until_it_changes(connection: Connection, store: Store) -> None:
    source = store.source(connection, after_import=IdentitySource.AfterImport.LEAVE)
    store.put("users.csv", ROW.format("u1"), HOURS_AGO)
    assert import_new(source) == 1
    assert import_new(source) == 0
    store.put("users.csv", ROW.format("another"), HOURS_AGO - 60)
    assert import_new(source) == 1
    assert store.names() == ["users.csv"]


def test_it_imports_the_oldest_file_first(connection: Connection, store: Store, monkeypatch: Any) -> None:
    """The names would have it the other way round."""
    source = store.source(connection)
    store.put("b.csv", "user_id,stripe_id\nu1,cus_old\n", HOURS_AGO + 60)
    if store.url.startswith("s3:"):
        make_older(store.url)
    store.put("a.csv", "user_id,stripe_id\nu1,cus_new\n", HOURS_AGO)
    assert names(find_files(source)) == ["b.csv", "a.csv"]
    assert import_new(source) == 2
    assert Identity.objects.get(app_id=connection.app_id).stripe_id == "cus_new"


def make_older(url: str) -> None:
    """S3 tells the time to the second; the server runs in this process."""
    (key,) = s3_backends["123456789012"]["aws"].buckets[url.split("/")[2]].keys.values()
    key.last_modified -= timedelta(minutes=1)


def test_it_lists_identity_files_only(connection: Connection, store: Store) -> None:
    source = store.source(connection, after_import=IdentitySource.AfterImport.LEAVE)
    for name in ("users #1?.csv.gz", "_SUCCESS", ".hidden.csv", "part.csv.tmp"):
        store.put(name, "x", HOURS_AGO)
    assert [file.url for file in find_files(source)] == [f"{store.url}/users #1?.csv.gz"]


def test_it_opens_a_file_whatever_its_name(connection: Connection, store: Store) -> None:
    source = store.source(connection)
    store.put("users #1? 100%.csv", ROW.format("u1"), HOURS_AGO)
    assert import_new(source) == 1
    assert SyncRun.objects.get(identity_source=source).state == SyncRun.State.DONE


def test_it_says_which_folder_cannot_be_read(connection: Connection, store: Store) -> None:
    scheme, _, rest = store.url.partition("://")
    missing = f"{store.url}/missing" if scheme in {"file", "sftp"} else f"{scheme}://no-such-{rest}"
    source = store.source(connection, url=missing)
    with pytest.raises(SourceError, match=r"missing|no-such"):
        find_files(source)


SEEN_HALF_WRITTEN = pytest.mark.parametrize("store", ["file", "abfs", "sftp"], indirect=True)


@SEEN_HALF_WRITTEN
@pytest.mark.parametrize("seconds_ago", [0.0, 1800.0, -1800.0], ids=["in step", "store behind", "store ahead"])
def test_it_leaves_a_file_alone_until_it_is_unchanged_for_a_minute(
    connection: Connection, store: Store, seconds_ago: float
) -> None:
    """By our own clock: the store's may be wrong."""
    source = store.source(connection)
    store.put("users.csv", ROW.format("u1"), seconds_ago)
    assert [names(found) for found in unseen_files(source)] == [[], ["users.csv"]]
    let_a_minute_pass(source)
    store.put("users.csv", ROW.format("u1") + "u2,cus_2\n", seconds_ago - 1)
    assert [names(found) for found in unseen_files(source)] == [[], ["users.csv"]]
    let_a_minute_pass(source)
    assert [names(found) for found in unseen_files(source)] == [["users.csv"], []]


def let_a_minute_pass(source: IdentitySource) -> None:
    earlier = (timezone.now() - timedelta(minutes=1)).isoformat()
    source.unchanged_since = dict.fromkeys(source.unchanged_since, earlier)
    source.save()


@pytest.mark.parametrize("store", ["s3", "gs"], indirect=True)
def test_it_takes_an_object_at_once_where_objects_arrive_whole(connection: Connection, store: Store) -> None:
    store.put("users.csv", ROW.format("u1"), 0)
    assert import_new(store.source(connection)) == 1


WRONG: dict[str, dict[str, Any]] = {
    "abfs": {"account_name": "engageaccount", "account_key": "c29tZXRoaW5nIGVsc2U="},
    "sftp": {"username": "acme", "password": "battery horse"},
}


@pytest.mark.parametrize("store", WRONG, indirect=True)
def test_it_says_that_credentials_are_wrong_and_not_what_they_are(connection: Connection, store: Store) -> None:
    wrong = WRONG[store.url.partition(":")[0]]
    store.credentials = {**store.credentials, **wrong}
    with pytest.raises(SourceError, match="uthentication") as refused:
        find_files(store.source(connection))
    assert list(wrong.values())[1] not in refused.value.user_message


def test_it_merges_its_tag_with_those_of_the_object(
    connection: Connection, s3_store: Store, s3_client: Any
) -> None:
    source = s3_store.source(connection, after_import=IdentitySource.AfterImport.TAG)
    s3_store.put("users.csv", ROW.format("u1"), HOURS_AGO)
    where = {"Bucket": s3_store.url.split("/")[2], "Key": "ingest/users.csv"}
    s3_client.put_object_tagging(**where, Tagging={"TagSet": [{"Key": "team", "Value": "crm"}]})
    assert import_new(source) == 1
    tags = {tag["Key"]: tag["Value"] for tag in s3_client.get_object_tagging(**where)["TagSet"]}
    assert tags == {"team": "crm", "engage-import": "done"}
    assert import_new(source) == 0


def test_it_asks_only_google_for_tokens(connection: Connection, gs_store: Store, google_tokens: Any) -> None:
    """Whatever ``token_uri`` the key names: it would be a way into the server's network."""
    assert gs_store.credentials["token"]["token_uri"] != google_tokens.url
    gs_store.put("users.csv", ROW.format("u1"), HOURS_AGO)
    assert names(find_files(gs_store.source(connection))) == ["users.csv"]


def test_it_offers_an_sftp_server_none_of_its_own_keys(
    connection: Connection, sftp_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("paramiko.agent.Agent.get_keys", lambda _: asked.append("agent") or ())
    sftp_store.put("users.csv", ROW.format("u1"), HOURS_AGO)
    assert names(find_files(sftp_store.source(connection))) == ["users.csv"]
    assert asked == []


def test_it_sends_nothing_to_an_ssh_server_with_another_host_key(
    connection: Connection, sftp_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = sftp_store.credentials["host_key"]
    sent: list[object] = []
    monkeypatch.setattr("paramiko.Transport.auth_password", lambda *arguments: sent.append(arguments))
    expected = f"SHA256:{'x' * 43}"
    sftp_store.credentials["host_key"] = expected
    with pytest.raises(SourceError, match="not the expected one") as refused:
        find_files(sftp_store.source(connection))
    assert shown in refused.value.user_message
    assert sent == []


def test_it_says_which_host_key_an_ssh_server_shows_before_it_is_trusted(
    connection: Connection, sftp_store: Store
) -> None:
    shown = sftp_store.credentials.pop("host_key")
    with pytest.raises(SourceError) as refused:
        find_files(sftp_store.source(connection))
    assert f'"host_key": "{shown}"' in refused.value.user_message


def test_it_keeps_no_sftp_connection_that_may_be_dead_the_next_night(
    connection: Connection, sftp_store: Store
) -> None:
    source = sftp_store.source(connection)
    sftp_store.put("users.csv", ROW.format("u1"), HOURS_AGO)
    for _ in range(2):
        assert names(find_files(source)) == ["users.csv"]
    transports = [thread for thread in threading.enumerate() if isinstance(thread, paramiko.Transport)]
    assert not any(transport.is_active() for transport in transports)
