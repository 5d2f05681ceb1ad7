"""What may happen to a connection once it exists: switch, schedule, signing secret, disconnect."""

from datetime import UTC, datetime, time

from django.db import transaction

from connector import audit, oauth, webhook_endpoints
from connector.audit import Actor
from connector.crypto import Secret
from connector.errors import ConflictError
from connector.models import Connection, ReplacementKey
from connector.signals import announce, connection_activated, connection_disconnected

Status = Connection.Status
_FORGOTTEN = ["api_key", "webhook_secret", "previous_webhook_secret", "webhook_endpoint_id"]


def set_active(*, connection: Connection, active: bool, actor: Actor) -> None:
    """Switch a sound connection on or off. ``ConflictError`` for one that is not sound: it says why."""
    wanted = Status.ACTIVE if active else Status.INACTIVE
    if connection.status == wanted:
        return
    if connection.status not in {Status.ACTIVE, Status.INACTIVE}:
        raise ConflictError("not_sound", connection.status_reason or "This connection is not working yet.")
    connection.status = wanted
    connection.save(update_fields=["status", "updated_at"])
    audit.record(connection, actor=actor, action="switched", summary=f"Switched {'on' if active else 'off'}.")
    if active:
        announce(connection_activated, connection)


def save_schedule(*, connection: Connection, schedule_time: time, only_on_trouble: bool, actor: Actor) -> None:
    """When the nightly run is due, in the App's time zone, and which of its reports are sent by email."""
    if (connection.schedule_time, connection.email_only_on_trouble) == (schedule_time, only_on_trouble):
        return
    connection.schedule_time = schedule_time
    connection.email_only_on_trouble = only_on_trouble
    connection.save(update_fields=["schedule_time", "email_only_on_trouble", "updated_at"])
    summary = f"Nightly run at {schedule_time:%H:%M}, email {'only on trouble' if only_on_trouble else 'always'}."
    audit.record(connection, actor=actor, action="schedule_saved", summary=summary)


def save_signing_secret(*, connection: Connection, secret: Secret, actor: Actor) -> None:
    """The webhook endpoint's signing secret; the one before is accepted for a day more, while Stripe rolls it."""
    if secret == connection.webhook_secret:
        return
    webhook_endpoints.roll_secret(connection, secret)
    audit.record(connection, actor=actor, action="signing_secret_saved", summary="Webhook signing secret saved.")


def disconnect(*, connection: Connection, actor: Actor) -> tuple[str, ...]:
    """Stop using the account. Traits and history stay. Answers what could not be tidied up at Stripe."""
    if connection.status == Status.REVOKED:
        return ()
    leftovers: tuple[str, ...] = ()
    if connection.method == Connection.Method.CONNECT:
        if not shares_account(connection):
            oauth.deauthorize(connection)
    else:
        leftovers = webhook_endpoints.delete_own_endpoint(connection)
    _revoke(connection, actor, "Disconnected.")
    return leftovers


def handle_deauthorization(*, stripe_account_id: str, livemode: bool, at: int) -> int:
    """``account.application.deauthorized`` of the second ``at``: the account left. Answers how many Apps lost it.

    Not those that Stripe let in again in a later second: events come late, and stored ones are replayed.
    """
    left = datetime.fromtimestamp(at + 1, tz=UTC)
    connections = (
        Connection.objects.filter(
            method=Connection.Method.CONNECT, stripe_account_id=stripe_account_id, livemode=livemode
        )
        .exclude(status=Status.REVOKED)
        .exclude(permissions_checked_at__gte=left)
    )
    for connection in connections:
        _revoke(connection, audit.STRIPE, "Disconnected in the Stripe Dashboard.")
    return len(connections)


def shares_account(connection: Connection) -> bool:
    """Whether another App uses the account through the same platform: deauthorizing would end that one too."""
    others = Connection.objects.exclude(pk=connection.pk).exclude(status=Status.REVOKED)
    return others.filter(
        method=Connection.Method.CONNECT,
        stripe_account_id=connection.stripe_account_id,
        livemode=connection.livemode,
    ).exists()


def _revoke(connection: Connection, actor: Actor, summary: str) -> None:
    with transaction.atomic():
        connection.status, connection.status_reason = Status.REVOKED, summary
        connection.api_key = connection.webhook_secret = connection.previous_webhook_secret = Secret("")
        connection.webhook_endpoint_id = ""
        connection.save(update_fields=[*_FORGOTTEN, "status", "status_reason", "updated_at"])
        ReplacementKey.objects.filter(connection=connection).delete()
        audit.record(connection, actor=actor, action="disconnected", summary=summary)
        announce(connection_disconnected, connection)
