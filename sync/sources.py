"""Where identity files come from: uploads, and folders or object stores that fsspec knows by URL.

https://filesystem-spec.readthedocs.io/en/latest/usage.html
"""

import hashlib
import json
import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import fsspec
from django.utils import timezone

from connector.configuration import option
from connector.errors import ConnectorError, InvalidInputError
from sync.identity_csv import FileError
from sync.models import IdentitySource, SyncRun

CREDENTIALS = {
    "file": set[str](),
    "s3": {"key", "secret", "token"},
    "gs": {"token", "project"},
    "abfs": {"account_name", "account_key", "sas_token", "tenant_id", "client_id", "client_secret"},
    "sftp": {"username", "password", "port"},
}
"""The fsspec options that an admin may set; others could point the server at its own files or network."""
SUFFIXES = (".csv", ".tsv", ".txt", ".gz", ".zst")
SETTLED = timedelta(minutes=1)
"""A file that changed more recently may still be written; it is left alone."""
DONE_FOLDER = "done"


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file at a source. ``fingerprint`` changes when its content does."""

    url: str
    fingerprint: str
    modified: datetime


class SourceError(ConnectorError):
    """The folder or object store cannot be read."""


def check_url(url: str) -> None:
    """Raise ``InvalidInputError`` unless the URL names a store that a source may read.

    Local folders are the operator's to open (``IDENTITY_FOLDERS``): no App's admin may read the server's files.
    """
    parts = urlsplit(url)
    if parts.scheme not in CREDENTIALS or "::" in url:
        known = ", ".join(f"{name}://" for name in CREDENTIALS)
        raise InvalidInputError("bad_source_url", f"The URL must start with one of {known}.")
    if parts.scheme != "file":
        return
    folders = [Path(folder).resolve() for folder in option("IDENTITY_FOLDERS")]
    if not any(Path(parts.path).resolve().is_relative_to(folder) for folder in folders):
        raise InvalidInputError(
            "folder_not_allowed",
            "This folder is not open to identity files. The operator lists such folders in IDENTITY_FOLDERS.",
        )


def check_credentials(url: str, credentials: dict[str, Any]) -> None:
    """Raise ``InvalidInputError`` for options that the store's URL does not allow an admin to set."""
    allowed = CREDENTIALS.get(urlsplit(url).scheme, set())
    if unknown := sorted(set(credentials) - allowed):
        raise InvalidInputError(
            "bad_credentials",
            f"Not known here: {', '.join(unknown)}. This store takes: {', '.join(sorted(allowed)) or 'none'}.",
        )
    if not isinstance(credentials.get("token", {}), dict) and url.startswith("gs://"):
        raise InvalidInputError("bad_credentials", "token must be the service account's key as a JSON object.")


def find_files(source: IdentitySource) -> list[FoundFile]:
    """The source's identity files, oldest first; raises ``SourceError``."""
    try:
        filesystem, folder = _filesystem(source)
        filesystem.invalidate_cache()
        listed = filesystem.ls(folder, detail=True)
    except Exception as error:  # every store has errors of its own
        raise SourceError(
            "source_not_readable", f"{source.url} cannot be read: {type(error).__name__}: {error}"[:500],
            retryable=True,
        ) from error  # fmt: skip
    files = [_describe(filesystem, entry) for entry in listed if _is_identity_file(entry)]
    return sorted(files, key=lambda file: (file.modified, file.url))


def unseen_files(source: IdentitySource) -> tuple[list[FoundFile], int]:
    """Files that no run has had, oldest first, and how many more are too young to be complete."""
    files = find_files(source)
    seen = set(
        SyncRun.objects.filter(identity_source=source, fingerprint__in=[file.fingerprint for file in files])
        .values_list("fingerprint", flat=True)
    )  # fmt: skip
    unseen = [file for file in files if file.fingerprint not in seen]
    complete = [file for file in unseen if timezone.now() - file.modified >= SETTLED]
    return complete, len(unseen) - len(complete)


def finish_file(run: SyncRun) -> None:
    """Move or tag a file that was imported. Raises ``SourceError``; the import stands."""
    source = run.identity_source
    if source is None or source.after_import == IdentitySource.AfterImport.LEAVE:
        return
    try:
        filesystem, _ = _filesystem(source)
        path = filesystem._strip_protocol(run.source)  # noqa: SLF001  fsspec has no public name for it
        if source.after_import == IdentitySource.AfterImport.TAG:
            filesystem.put_tags(path, {"engage-import": "done"})
        else:
            folder = posixpath.join(posixpath.dirname(path), DONE_FOLDER)
            filesystem.makedirs(folder, exist_ok=True)
            filesystem.mv(path, posixpath.join(folder, f"{run.fingerprint[:8]}-{posixpath.basename(path)}"))
    except Exception as error:
        raise SourceError(
            "file_not_moved",
            f"{run.source} was imported and could not be marked as done: {type(error).__name__}: {error}"[:500],
        ) from error


@contextmanager
def open_run_file(run: SyncRun) -> Iterator[tuple[IO[bytes], int | None]]:
    """The run's file as ``(stream of bytes, size in bytes or None)``; raises ``FileError``."""
    options = _storage_options(run.identity_source) if run.identity_source else {}
    try:
        filesystem, path = fsspec.core.url_to_fs(run.source, **options)
        stream, size = filesystem.open(path, "rb"), filesystem.size(path)
    except Exception as error:
        raise FileError(
            "file_not_readable", f"The file {run.source} cannot be opened: {type(error).__name__}: {error}"[:500]
        ) from error
    with stream:
        yield stream, size


def _filesystem(source: IdentitySource) -> tuple[Any, str]:
    check_url(source.url)
    filesystem, path = fsspec.core.url_to_fs(source.url, **_storage_options(source))
    return filesystem, path


def _storage_options(source: IdentitySource) -> dict[str, Any]:
    """The admin's credentials; the operator's end point, as an admin's would be a way into the network."""
    credentials = source.credentials.reveal()
    options: dict[str, Any] = json.loads(credentials) if credentials else {}
    endpoint = option("S3_ENDPOINT_URL")
    if source.url.startswith("s3://") and endpoint:
        options["client_kwargs"] = {"endpoint_url": endpoint}
    return options


def _is_identity_file(entry: dict[str, Any]) -> bool:
    name = posixpath.basename(entry["name"].rstrip("/"))
    return entry["type"] == "file" and name.lower().endswith(SUFFIXES) and not name.startswith((".", "_"))


def _describe(filesystem: Any, entry: dict[str, Any]) -> FoundFile:
    changed = next(entry[key] for key in ("mtime", "LastModified", "last_modified", "updated") if key in entry)
    modified = _as_moment(changed)
    identity = f"{entry['name']}|{entry['size']}|{modified.isoformat()}|{entry.get('ETag') or entry.get('etag')}"
    return FoundFile(
        url=filesystem.unstrip_protocol(entry["name"]),
        fingerprint=hashlib.sha256(identity.encode()).hexdigest(),
        modified=modified,
    )


def _as_moment(changed: float | str | datetime) -> datetime:
    """Local stores give epoch seconds, object stores a time or its ISO 8601 text."""
    if isinstance(changed, int | float):
        return datetime.fromtimestamp(changed, UTC)
    moment = datetime.fromisoformat(changed) if isinstance(changed, str) else changed
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
