"""Reads of connections. Every one starts from an App, an account or an id that a door has already authorised."""

from uuid import UUID

from django.db.models import QuerySet

from connector.errors import NotFoundError
from connector.models import AuditEntry, Connection, PlatformEndpoint, ReplacementKey
from connector.prepared import Prepared, given


def active_to_prepare() -> QuerySet[Connection]:
    """The active connections of the App ``given("app_id")``, the one that serves it first: the live one."""
    return Connection.objects.filter(app_id=given("app_id"), status=Connection.Status.ACTIVE).order_by("-livemode")


_ACTIVE = Prepared(active_to_prepare)


def serving_connection(*, app_id: UUID, livemode: bool | None = None) -> Connection | None:
    """The active connection that serves the App: the live one where there is one, else the test one."""
    active = _ACTIVE.all(app_id=app_id)
    return next((one for one in active if livemode is None or one.livemode == livemode), None)


def app_connections(*, app_id: UUID) -> list[Connection]:
    """The App's connections that are not disconnected, live first."""
    return list(
        Connection.objects.filter(app_id=app_id).exclude(status=Connection.Status.REVOKED).order_by("-livemode")
    )


def disconnected(*, app_id: UUID) -> list[Connection]:
    """The App's former connections, whose data is kept, the one that ended last first."""
    return list(Connection.objects.filter(app_id=app_id, status=Connection.Status.REVOKED).order_by("-updated_at"))


def get_app_connection(*, app_id: UUID, connection_id: UUID) -> Connection:
    """One connection of the App, whatever its status. ``NotFoundError`` for another App's."""
    connection = Connection.objects.filter(app_id=app_id, id=connection_id).first()
    if connection is None:
        raise NotFoundError("connection_not_found", "This App has no such Stripe connection.")
    return connection


def platform_endpoint(*, livemode: bool) -> PlatformEndpoint | None:
    """The platform's Connect webhook endpoint of a mode, where one was made."""
    return PlatformEndpoint.objects.filter(livemode=livemode).first()


def endpoint_trouble(connection: Connection) -> str:
    """What is wrong with the platform endpoint that brings this connection's events; empty where nothing is."""
    if connection.method != Connection.Method.CONNECT:
        return ""
    endpoint = platform_endpoint(livemode=connection.livemode)
    if endpoint is None or not endpoint.webhook_endpoint_id:
        return (
            endpoint.trouble if endpoint else ""
        ) or "The platform's webhook endpoint has not been created yet."
    return endpoint.trouble


def recent_changes(*, app_id: UUID, limit: int = 10) -> list[AuditEntry]:
    """The newest audit entries of the App."""
    return list(AuditEntry.objects.filter(app_id=app_id).order_by("-at")[:limit])


def replacement_of(connection: Connection) -> ReplacementKey | None:
    """The key that waits to replace the connection's own."""
    return ReplacementKey.objects.filter(connection=connection).first()
