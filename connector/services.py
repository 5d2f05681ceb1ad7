"""Activation: connect by key or by Stripe Connect, replace the key, check again what it may do."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from connector import audit, oauth
from connector.activation import adopt_key, apply_inspection, find_row, on_trial, refuse_mismatch, works
from connector.audit import Actor
from connector.crypto import Secret
from connector.errors import ConflictError, StripeError
from connector.health import REFUSED, put_in_error
from connector.host import get_host
from connector.keys import ApiKey
from connector.lifecycle import save_signing_secret, shares_account
from connector.locks import advisory_lock
from connector.models import Connection, ReplacementKey
from connector.oauth import Authorized
from connector.permissions import unproven_required
from connector.probing import Inspection, inspect_credential
from connector.replacement import keep_aside, recheck_replacement

Status = Connection.Status


@dataclass(frozen=True, slots=True)
class Activation:
    """What became of a pasted key. ``kept_aside``: the old key keeps working until this one has passed."""

    connection: Connection
    permissions: dict[str, dict[str, str]]
    kept_aside: bool
    notices: tuple[str, ...]


def connect_with_api_key(
    *, app_id: UUID, api_key: ApiKey, actor: Actor, signing_secret: Secret | None = None
) -> Activation:
    """Inspect a key at Stripe and adopt it as far as it may be.

    Active with every required permission, else pending. A working connection keeps its key until this one passes.
    ``StripeError`` for a key that Stripe refuses and ``ConflictError`` for another account: both change nothing.
    """
    with advisory_lock(f"connection:{app_id}:{api_key.livemode}"):
        inspection = inspect_credential(on_trial(api_key))
        with transaction.atomic():
            connection = find_row(app_id, inspection, livemode=api_key.livemode)
            refuse_mismatch(connection, inspection, method=Connection.Method.API_KEY)
            lacks_something = bool(unproven_required(inspection.permissions))
            is_new = api_key.fingerprint != connection.api_key_fingerprint
            kept_aside = lacks_something and is_new and works(connection)
            if kept_aside:
                keep_aside(connection, api_key, inspection, actor)
            else:
                adopt_key(connection, api_key, inspection, actor)
    if signing_secret:
        save_signing_secret(connection=connection, secret=signing_secret, actor=actor)
    notices = _notices(connection, api_key)
    return Activation(connection, inspection.permissions, kept_aside, notices)


def connect_with_oauth(*, app_id: UUID, authorized: Authorized, actor: Actor) -> Connection:
    """Adopt an account whose owner authorized us. ``ConflictError`` where the App uses a key or another one: then
    the authorization is given back."""
    stranger = Connection(
        method=Connection.Method.CONNECT,
        livemode=authorized.livemode,
        stripe_account_id=authorized.stripe_account_id,
    )
    with advisory_lock(f"connection:{app_id}:{authorized.livemode}"):
        inspection = inspect_credential(stranger)
        try:
            return _adopt_account(app_id, inspection, actor, livemode=authorized.livemode)
        except ConflictError:
            if not shares_account(stranger):
                oauth.deauthorize(stranger)
            raise


def recheck_connection(*, connection: Connection, actor: Actor) -> Connection:
    """Ask Stripe again what the credential may do, and a replacement key first. Repairs and breaks the status."""
    replacement = ReplacementKey.objects.filter(connection=connection).first()
    adopted = recheck_replacement(connection, replacement, actor) if replacement else None
    if adopted:
        return adopted
    try:
        inspection = inspect_credential(connection)
    except StripeError as failure:
        if failure.code in REFUSED:
            put_in_error(connection, failure.user_message)
            connection.refresh_from_db()
            return connection
        raise
    with transaction.atomic():
        row = Connection.objects.select_for_update().get(pk=connection.pk)
        if row.status == Status.REVOKED or row.api_key_fingerprint != connection.api_key_fingerprint:
            return row
        apply_inspection(row, inspection, actor)
    return row


@transaction.atomic
def _adopt_account(app_id: UUID, inspection: Inspection, actor: Actor, *, livemode: bool) -> Connection:
    connection = find_row(app_id, inspection, livemode=livemode)
    refuse_mismatch(connection, inspection, method=Connection.Method.CONNECT)
    connection.method = Connection.Method.CONNECT
    connection.api_key_hint = connection.api_key_fingerprint = ""
    connection.save()
    summary = f"Connected to {inspection.account_id} by Stripe Connect."
    audit.record(connection, actor=actor, action="connected", summary=summary)
    apply_inspection(connection, inspection, actor)
    return connection


def _notices(connection: Connection, api_key: ApiKey) -> tuple[str, ...]:
    notices = []
    if not api_key.restricted:
        notices.append(
            "This secret key may do everything in your Stripe account. It works, but a restricted key is safer."
        )
    if connection.stripe_account_id:
        company = [app for app in get_host().apps_of_company(connection.app_id) if app.id != connection.app_id]
        others = (
            Connection.objects.filter(
                app_id__in=[app.id for app in company],
                stripe_account_id=connection.stripe_account_id,
                livemode=connection.livemode,
            )
            .exclude(status=Status.REVOKED)
            .values_list("app_id", flat=True)
        )
        names = ", ".join(app.name for app in company if app.id in set(others))
        if names:
            notices.append(f"The same Stripe account is connected to {names}. Both receive its events.")
    return tuple(notices)
