"""The few calls of Azure's blob API that a source makes, over HTTP, with Azure's own signatures checked.

Azurite is Microsoft's, but comes from npm with 360 MB. What is answered here was recorded from it, and the tests of
this folder passed against it as well. https://learn.microsoft.com/en-us/rest/api/storageservices/blob-service-rest-api
"""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.sync.stores.serving import QuietHandler

ACCOUNT, CONTAINER = "engageaccount", "ingest-box"
ACCOUNT_KEY = base64.b64encode(b"a key of this account").decode()
# https://learn.microsoft.com/en-us/rest/api/storageservices/authorize-with-shared-key#blob-queue-and-file-services-shared-key-authorization
_SIGNED = ("Content-Encoding", "Content-Language", "Content-Length", "Content-MD5", "Content-Type", "Date",
           "If-Modified-Since", "If-Match", "If-None-Match", "If-Unmodified-Since", "Range")  # fmt: skip


class BlobServer(ThreadingHTTPServer):
    """Blobs by name, each its content and when it was written."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.blobs: dict[str, tuple[bytes, datetime]] = {}

    @property
    def url(self) -> str:
        """With a place for the account's name, as in ``AZURE_BLOB_URL``."""
        return f"http://127.0.0.1:{self.server_address[1]}/{{account_name}}"

    def put(self, name: str, content: bytes, seconds_ago: float = 0) -> None:
        self.blobs[name] = content, datetime.now(UTC) - timedelta(seconds=seconds_ago)


class _Handler(QuietHandler):
    server: BlobServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:  # noqa: N802
        if not self._is_signed():
            self._refuse(403, "AuthenticationFailed")
        elif self._container() != CONTAINER:
            self._refuse(404, "ContainerNotFound")
        elif "comp=list" in self.path:
            self._list()
        elif self._blob() not in self.server.blobs:
            self._refuse(404, "BlobNotFound")
        else:
            self._send_blob()

    do_HEAD = do_GET  # noqa: N815

    def do_PUT(self) -> None:  # noqa: N802
        """Copy."""
        if not self._is_signed():
            self._refuse(403, "AuthenticationFailed")
            return
        source = unquote(urlsplit(self.headers["x-ms-copy-source"]).path).partition(f"/{CONTAINER}/")[2]
        self.server.put(self._blob(), self.server.blobs[source][0])
        self._answer(
            202, headers={"x-ms-copy-id": "1", "x-ms-copy-status": "success", **self._times(self._blob())}
        )

    def do_DELETE(self) -> None:  # noqa: N802
        if not self._is_signed():
            self._refuse(403, "AuthenticationFailed")
            return
        self.server.blobs.pop(self._blob(), None)
        self._answer(202)

    def _list(self) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter")
        entries = {self._entry(name, prefix, delimiter): None for name in sorted(self.server.blobs)}
        body = (f'<?xml version="1.0" encoding="UTF-8"?><EnumerationResults ContainerName="{CONTAINER}">'
                f"<Blobs>{''.join(entries)}</Blobs><NextMarker/></EnumerationResults>")  # fmt: skip
        self._answer(200, body.encode(), {"Content-Type": "application/xml"})

    def _entry(self, name: str, prefix: str, delimiter: str | None) -> str:
        if not name.startswith(prefix):
            return ""
        folder, found, _ = name.removeprefix(prefix).partition(delimiter) if delimiter else ("", "", "")
        if found:
            return f"<BlobPrefix><Name>{escape(prefix + folder + found)}</Name></BlobPrefix>"
        size, times = len(self.server.blobs[name][0]), self._times(name)
        return (f"<Blob><Name>{escape(name)}</Name><Properties><Last-Modified>{times['Last-Modified']}</Last-Modified>"
                f"<Etag>{times['ETag']}</Etag><Content-Length>{size}</Content-Length><BlobType>BlockBlob</BlobType>"
                "</Properties></Blob>")  # fmt: skip

    def _send_blob(self) -> None:
        content = self.server.blobs[self._blob()][0]
        asked, headers = self.headers["x-ms-range"], {"x-ms-blob-type": "BlockBlob", **self._times(self._blob())}
        if not asked:
            self._answer(200, content, headers)
            return
        first, last = (int(edge) for edge in asked.removeprefix("bytes=").split("-"))
        part = content[first : last + 1]
        headers["Content-Range"] = f"bytes {first}-{first + len(part) - 1}/{len(content)}"
        self._answer(206, part, headers)

    def _is_signed(self) -> bool:
        signed = [self.headers[name] or "" for name in _SIGNED]
        signed[2] = "" if signed[2] == "0" else signed[2]
        own = sorted(
            (name.lower(), value) for name, value in self.headers.items() if name.lower().startswith("x-ms-")
        )
        query = sorted(parse_qs(urlsplit(self.path).query, keep_blank_values=True).items())
        resource = f"/{ACCOUNT}{urlsplit(self.path).path}" + "".join(
            f"\n{name}:{values[0]}" for name, values in query
        )
        text = "\n".join([self.command, *signed, *(f"{name}:{value}" for name, value in own), resource])
        digest = hmac.new(base64.b64decode(ACCOUNT_KEY), text.encode(), hashlib.sha256).digest()
        return self.headers["Authorization"] == f"SharedKey {ACCOUNT}:{base64.b64encode(digest).decode()}"

    def _container(self) -> str:
        return urlsplit(self.path).path.split("/")[2]

    def _blob(self) -> str:
        return unquote(urlsplit(self.path).path).partition(f"/{CONTAINER}/")[2]

    def _times(self, name: str) -> dict[str, str]:
        content, modified = self.server.blobs[name]
        return {
            "Last-Modified": format_datetime(modified, usegmt=True),
            "ETag": f'"{hashlib.sha256(content + str(modified).encode()).hexdigest()[:16]}"',
        }

    def _refuse(self, status: int, code: str) -> None:
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{code}</Message></Error>"
        self._answer(status, body.encode(), {"Content-Type": "application/xml", "x-ms-error-code": code})

    def _answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.answer(status, body, {"x-ms-version": "2026-06-06", **(headers or {})})
