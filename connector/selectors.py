"""Reads of connections. Every one starts from an App, an account or an id that a door has already authorised."""

from uuid import UUID

from connector.crypto import Secret
from connector.errors import NotFoundError
from connector.models import Connection, PlatformEndpoint


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


def webhook_connection(*, connection_id: UUID) -> Connection | None:
    """The API-key connection that a webhook address names, unless it is disconnected."""
    return (
        Connection.objects.filter(pk=connection_id, method=Connection.Method.API_KEY)
        .exclude(status=Connection.Status.REVOKED)
        .first()
    )


def account_connections(*, stripe_account_id: str, livemode: bool) -> list[Connection]:
    """The Connect connections of an account: one for each App that uses it. All of them get its events."""
    return list(
        Connection.objects.filter(
            stripe_account_id=stripe_account_id, livemode=livemode, method=Connection.Method.CONNECT
        ).exclude(status=Connection.Status.REVOKED)
    )


def platform_secrets() -> list[Secret]:
    """Every secret that may sign a delivery to the platform's Connect endpoints, of both modes."""
    return [secret for endpoint in PlatformEndpoint.objects.all() for secret in endpoint.accepted_secrets()]
