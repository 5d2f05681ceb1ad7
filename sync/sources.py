"""Where identity files come from: a folder or an object store of one connection, looked at every night."""

import hashlib
import json
import posixpath
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import IO, Any
from urllib.parse import urlsplit

import fsspec
from django.utils import timezone

from connector.errors import ConnectorError
from sync import stores
from sync.identity_csv import FileError
from sync.models import IdentitySource, SyncRun

SUFFIXES = (".csv", ".tsv", ".txt", ".gz", ".zst")
UNCHANGED_FOR = timedelta(minutes=1)
"""By this machine's clock, from one look to another: then nobody writes any more."""
SURELY_OLD = timedelta(hours=1)
"""By the store's clock, which may be wrong by less than that: then one look is enough."""
DONE_FOLDER = "done"
TAG = {"engage-import": "done"}


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file at a source. ``fingerprint`` changes when its content does; ``modified`` is by the store's clock."""

    url: str
    fingerprint: str
    modified: datetime


class SourceError(ConnectorError):
    """The folder or object store cannot be read, or not be tidied."""


def find_files(source: IdentitySource) -> list[FoundFile]:
    """The source's identity files, oldest first; raises ``SourceError``."""
    try:
        with _open(source) as (filesystem, folder):
            listed = filesystem.ls(folder, detail=True)
    except Exception as error:  # every store has errors of its own
        told = _told(source, f"{source.url} cannot be read", error)
        raise SourceError("source_not_readable", told, retryable=True) from error
    files = [_describe(source, entry) for entry in listed if _is_identity_file(entry)]
    return sorted(files, key=lambda file: (file.modified, file.url))


def unseen_files(source: IdentitySource) -> tuple[list[FoundFile], list[FoundFile]]:
    """Files to import, oldest first, and files that may still be written. Raises ``SourceError``.

    Remembers since when each of them is as it is.
    """
    files, now = find_files(source), timezone.now()
    seen = _seen(source, files)
    unseen = [file for file in files if file.fingerprint not in seen]
    since = {file.fingerprint: source.unchanged_since.get(file.fingerprint, now.isoformat()) for file in unseen}
    if since != source.unchanged_since:
        source.unchanged_since = since
        source.save(update_fields=["unchanged_since"])
    complete = [file for file in unseen if _is_complete(source, file, now)]
    return complete, [file for file in unseen if file not in complete]


def put_away(run: SyncRun) -> None:
    """Move or tag a file that was imported. Raises ``SourceError``; the import stands."""
    source = run.identity_source
    if source is None or source.after_import == IdentitySource.AfterImport.LEAVE:
        return
    try:
        with _open(source) as (filesystem, folder):
            path = _path(folder, run)
            if source.after_import == IdentitySource.AfterImport.TAG:
                filesystem.put_tags(path, TAG, mode="m")
            elif filesystem.exists(path):  # not put away already by somebody who was killed right after
                name = f"{run.fingerprint[:8]}-{posixpath.basename(path)}"
                stores.move(filesystem, path, posixpath.join(folder, DONE_FOLDER, name))
    except Exception as error:
        told = _told(source, f"{run.source} was imported and could not be put away", error)
        raise SourceError("file_not_put_away", told) from error


@contextmanager
def open_run_file(run: SyncRun) -> Iterator[tuple[IO[bytes], int | None]]:
    """The run's file as ``(stream of bytes, size in bytes or None)``; raises ``FileError``."""
    source = run.identity_source
    with ExitStack() as stack:
        try:
            if source:
                filesystem, folder = stack.enter_context(_open(source))
                path = _path(folder, run)
            else:  # an upload, or what the operator named in the terminal
                filesystem, path = fsspec.core.url_to_fs(run.source)
            stream, size = stack.enter_context(filesystem.open(path, "rb")), filesystem.size(path)
        except Exception as error:
            told = _told(source, f"The file {run.source} cannot be opened", error)
            raise FileError("file_not_readable", told, retryable=True) from error
        yield stream, size


@contextmanager
def _open(source: IdentitySource) -> Iterator[tuple[Any, str]]:
    options = _credentials(source)
    with stores.open_store(app_id=source.app_id, url=source.url, credentials=options) as opened:
        yield opened


def _credentials(source: IdentitySource) -> dict[str, Any]:
    stored = source.credentials.reveal()
    options: dict[str, Any] = json.loads(stored) if stored else {}
    return options


def _told(source: IdentitySource | None, what: str, error: Exception) -> str:
    text = f"{what}: {type(error).__name__}: {error}"[:500]
    return stores.hide(text, _credentials(source)) if source else text


def _path(folder: str, run: SyncRun) -> str:
    """By name, as a URL made of it would lose its host or a ``#``."""
    return posixpath.join(folder, posixpath.basename(run.source))


def _seen(source: IdentitySource, files: list[FoundFile]) -> set[str]:
    """The fingerprints of files that a run has had. One that could not read its file has not had it."""
    runs = SyncRun.objects.filter(identity_source=source, fingerprint__in=[file.fingerprint for file in files])
    unread = runs.filter(state=SyncRun.State.FAILED, report__error__retryable=True)
    return set(runs.exclude(pk__in=unread.values("pk")).values_list("fingerprint", flat=True))


def _is_complete(source: IdentitySource, file: FoundFile, now: datetime) -> bool:
    """Half a file must not be taken for a whole one: in *full* mode everybody in the other half would be unlinked."""
    if urlsplit(source.url).scheme in stores.ARRIVES_WHOLE or now - file.modified > SURELY_OLD:
        return True
    return now - datetime.fromisoformat(source.unchanged_since[file.fingerprint]) >= UNCHANGED_FOR


def _is_identity_file(entry: dict[str, Any]) -> bool:
    name = posixpath.basename(entry["name"].rstrip("/"))
    return entry["type"] == "file" and name.lower().endswith(SUFFIXES) and not name.startswith((".", "_"))


def _describe(source: IdentitySource, entry: dict[str, Any]) -> FoundFile:
    changed = next(entry[key] for key in ("mtime", "LastModified", "last_modified", "updated") if key in entry)
    modified = _as_moment(changed)
    identity = f"{entry['name']}|{entry['size']}|{modified.isoformat()}|{entry.get('ETag') or entry.get('etag')}"
    return FoundFile(
        url=f"{source.url.rstrip('/')}/{posixpath.basename(entry['name'])}",
        fingerprint=hashlib.sha256(identity.encode()).hexdigest(),
        modified=modified,
    )


def _as_moment(changed: float | str | datetime) -> datetime:
    """Local stores give epoch seconds, object stores a time or its ISO 8601 text."""
    if isinstance(changed, int | float):
        return datetime.fromtimestamp(changed, UTC)
    moment = datetime.fromisoformat(changed) if isinstance(changed, str) else changed
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
