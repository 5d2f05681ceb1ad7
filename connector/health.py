"""A failed request that tells something about the connection itself is acted on at once, whoever made it."""

from celery import current_app
from django.db import transaction

from connector import audit
from connector.errors import StripeError
from connector.models import Connection

REFUSED = frozenset({"key_rejected", "key_expired", "account_disconnected"})


def note_failure(connection: Connection, failure: StripeError) -> None:
    """Turn the connection to *error* when Stripe refuses its credential; look again when it lacks a permission."""
    if connection._state.adding:  # an unsaved row: a key on trial
        return
    if failure.code in REFUSED:
        put_in_error(connection, failure.user_message)
    elif failure.missing_permissions:
        _note_missing(connection, failure)


def put_in_error(connection: Connection, reason: str) -> None:
    """Stop the connection's actions, keep its data, tell the admins once.

    Only the credential that failed is judged: a key that was replaced meanwhile changes nothing.
    """
    changed = (
        Connection.objects.filter(pk=connection.pk, api_key_fingerprint=connection.api_key_fingerprint)
        .exclude(status__in=[Connection.Status.ERROR, Connection.Status.REVOKED])
        .update(status=Connection.Status.ERROR, status_reason=reason, trouble_reported_at=None)
    )
    if changed:
        audit.record(connection, actor=audit.STRIPE, action="connection_failed", summary=reason)
        report_trouble(connection)


def report_trouble(connection: Connection) -> None:
    """Email the admins soon. Should the message be lost, the nightly check finds that nobody was told."""
    _enqueue("stripe_connector.email_trouble", connection)


def _note_missing(connection: Connection, failure: StripeError) -> None:
    with transaction.atomic():
        row = Connection.objects.select_for_update().get(pk=connection.pk)
        news = {
            name: {"state": "missing", "message": failure.stripe_message}
            for name in failure.missing_permissions
            if row.permissions.get(name, {}).get("state") != "missing"
        }
        if not news or row.api_key_fingerprint != connection.api_key_fingerprint:
            return
        row.permissions |= news
        row.save(update_fields=["permissions", "updated_at"])
        _enqueue("stripe_connector.recheck_connection", connection)


def _enqueue(task: str, connection: Connection) -> None:
    """By name: tasks import services, and services import the gateway, which reports here.

    Robust, as whoever made the failed request has to hear of that failure and not of a broker that is away.
    """
    transaction.on_commit(lambda: current_app.send_task(task, args=[str(connection.pk)], retry=False), robust=True)
