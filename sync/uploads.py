"""Identity files that came through the console, kept where every worker can read them, for a week."""

import hashlib
from datetime import timedelta
from typing import IO
from uuid import UUID, uuid4

import fsspec
from django.utils import timezone

from connector.configuration import option
from sync.models import SyncRun

KEEP = timedelta(days=7)
_BLOCK = 1 << 20


def store_upload(*, app_id: UUID, content: IO[bytes]) -> tuple[str, str]:
    """Store the file and return its URL and the SHA-256 of its content in hex."""
    url = f"{_root()}/{app_id}/{uuid4()}"
    filesystem, path = fsspec.core.url_to_fs(url)
    filesystem.makedirs(path.rpartition("/")[0], exist_ok=True)
    digest = hashlib.sha256()
    with filesystem.open(path, "wb") as target:
        while block := content.read(_BLOCK):
            digest.update(block)
            target.write(block)
    return url, digest.hexdigest()


def forget_uploads() -> int:
    """Delete uploads whose run ended a week ago; they name people. Returns how many."""
    ended = SyncRun.objects.filter(source__startswith=_root(), finished_at__lt=timezone.now() - KEEP)
    urls = list(ended.values_list("source", flat=True)[:1000])
    for url in urls:
        filesystem, path = fsspec.core.url_to_fs(url)
        if filesystem.exists(path):
            filesystem.rm(path)
    SyncRun.objects.filter(source__in=urls).update(source="")
    return len(urls)


def _root() -> str:
    return str(option("UPLOADS_URL")).rstrip("/")
