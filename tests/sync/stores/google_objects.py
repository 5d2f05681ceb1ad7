"""A server that speaks Google's storage API, and one that gives out tokens for a service account's signature."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import HTTPServer
from urllib.parse import parse_qs

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from gcp_storage_emulator.server import create_server
from google.auth import jwt

from tests.sync.stores.serving import QuietHandler

BUCKET = "ingest-bucket"


@contextmanager
def running_storage_server() -> Iterator[str]:
    """Its URL."""
    server = create_server("127.0.0.1", 0, in_memory=True, default_bucket=BUCKET)
    server.start()
    try:
        yield f"http://127.0.0.1:{server._api._httpd.server_address[1]}"
    finally:
        server.stop()


class TokenServer(HTTPServer):
    """Answers with a token where the request is signed by the service account's key."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _TokenHandler)
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.public_key = self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/token"

    def service_account(self) -> dict[str, str]:
        """As the merchant downloads it from Google, but for ``token_uri``, which leads astray."""
        pem = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {
            "type": "service_account",
            "private_key": pem.decode(),
            "client_email": "engage@acme.iam.gserviceaccount.com",
            "token_uri": "http://127.0.0.1:9/elsewhere",
        }


class _TokenHandler(QuietHandler):
    server: TokenServer

    def do_POST(self) -> None:  # noqa: N802
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        try:
            jwt.decode(form["assertion"][0], certs=self.server.public_key)
        except ValueError:
            status, answer = 400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
        else:
            status, answer = 200, {"access_token": "ya29.token", "expires_in": 3600, "token_type": "Bearer"}
        self.answer(status, json.dumps(answer).encode(), {"Content-Type": "application/json"})
