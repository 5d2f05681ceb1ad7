"""The connection that serves an App, or what to do about there being none."""

from uuid import UUID

from connector.errors import NotFoundError
from connector.models import Connection
from connector.selectors import serving_connection


def connection_of(app_id: UUID) -> Connection:
    """Raises ``NotFoundError``."""
    connection = serving_connection(app_id=app_id)
    if connection is None:
        raise NotFoundError(
            "not_connected",
            "This App has no active Stripe connection. Connect it under Settings → Actions → Stripe, or with the "
            "command connect_stripe.",
        )
    return connection
