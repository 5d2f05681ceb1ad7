"""Where identity files come from: a path, or a URL of a folder or an object store that fsspec knows."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import fsspec

from sync.identity_csv import FileError
from sync.models import SyncRun


@contextmanager
def open_run_file(run: SyncRun) -> Iterator[tuple[IO[bytes], int | None]]:
    """The run's file as ``(stream of bytes, size in bytes or None)``; raises ``FileError``."""
    with _open(run.source, {}) as opened:
        yield opened


@contextmanager
def _open(url: str, options: dict[str, Any]) -> Iterator[tuple[IO[bytes], int | None]]:
    try:
        filesystem, path = fsspec.core.url_to_fs(url, **options)
        size = filesystem.size(path)
        stream = filesystem.open(path, "rb")
    except (OSError, ValueError, ImportError) as error:
        raise FileError("file_not_readable", f"The file {url} cannot be opened: {error}") from error
    with stream:
        yield stream, size
