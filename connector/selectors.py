"""Reads of connections. Every one starts from an App, an account or an id that a door has already authorised."""

from uuid import UUID

from connector.errors import NotFoundError
from connector.models import Connection


def serving_connection(*, app_id: UUID, livemode: bool | None = None) -> Connection | None:
    """The active connection that serves the App: the live one where there is one, else the test one."""
    active = Connection.objects.filter(app_id=app_id, status=Connection.Status.ACTIVE)
    if livemode is not None:
        active = active.filter(livemode=livemode)
    return active.order_by("-livemode").first()


def app_connections(*, app_id: UUID) -> list[Connection]:
    """The App's connections that are not disconnected, live first."""
    return list(
        Connection.objects.filter(app_id=app_id).exclude(status=Connection.Status.REVOKED).order_by("-livemode")
    )


def get_app_connection(*, app_id: UUID, connection_id: UUID) -> Connection:
    """One connection of the App, whatever its status. ``NotFoundError`` for another App's."""
    connection = Connection.objects.filter(app_id=app_id, id=connection_id).first()
    if connection is None:
        raise NotFoundError("connection_not_found", "This App has no such Stripe connection.")
    return connection
