"""A mail server, for processes that send real emails."""

from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from engage_stripe.demo.processes import choose_port


class MailServer(Controller):
    """Keeps what it is handed: https://aiosmtpd.aio-libs.org/en/latest/handlers.html"""

    def __init__(self, port: int) -> None:
        self.messages: list[EmailMessage] = []
        super().__init__(self, hostname="127.0.0.1", port=port)

    async def handle_DATA(self, _server: object, _session: object, envelope: Envelope) -> str:  # noqa: N802
        self.messages.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    server = MailServer(choose_port(0, on_taken=lambda _: None, purpose="test"))
    server.start()
    yield server
    server.stop()
