"""*Save changes* on the settings page."""

from dataclasses import dataclass
from datetime import time
from uuid import UUID

from connector import lifecycle, services
from connector.audit import Actor
from connector.crypto import Secret
from connector.keys import ApiKey
from connector.models import Connection

_SWITCHABLE = {Connection.Status.ACTIVE, Connection.Status.INACTIVE}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the form says. ``api_key`` None and an empty ``signing_secret`` keep what is stored."""

    api_key: ApiKey | None
    signing_secret: Secret
    schedule_time: time
    email_only_on_trouble: bool
    active: bool


@dataclass(frozen=True, slots=True)
class Saved:
    connection: Connection
    kept_aside: bool
    notices: tuple[str, ...]


def save_settings(*, app_id: UUID, connection: Connection | None, wanted: Settings, actor: Actor) -> Saved:
    """Save everything the form says, a new key first. ``ConnectorError`` from the key: nothing else is saved then.

    ``connection`` may be None only where a key is given.
    """
    kept_aside, notices = False, tuple[str, ...]()
    if wanted.api_key:
        activation = services.connect_with_api_key(app_id=app_id, api_key=wanted.api_key, actor=actor)
        connection, kept_aside, notices = activation.connection, activation.kept_aside, activation.notices
    if connection is None:
        raise ValueError("Without a connection there must be a key.")
    if wanted.signing_secret:
        lifecycle.save_signing_secret(connection=connection, secret=wanted.signing_secret, actor=actor)
    lifecycle.save_schedule(
        connection=connection,
        schedule_time=wanted.schedule_time,
        only_on_trouble=wanted.email_only_on_trouble,
        actor=actor,
    )
    if connection.status in _SWITCHABLE:
        lifecycle.set_active(connection=connection, active=wanted.active, actor=actor)
    return Saved(connection, kept_aside, notices)
