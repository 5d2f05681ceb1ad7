"""Activation: connect by key or by Stripe Connect, replace the key, check again what it may do."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from connector import audit
from connector.activation import apply_inspection, describe_waiting, find_row, refuse_mismatch, works
from connector.audit import Actor
from connector.crypto import Secret
from connector.errors import StripeError
from connector.health import REFUSED, put_in_error
from connector.host import get_host
from connector.keys import ApiKey
from connector.lifecycle import save_signing_secret
from connector.locks import advisory_lock
from connector.models import Connection, ReplacementKey
from connector.oauth import Authorized
from connector.permissions import unproven_required
from connector.probing import Inspection, inspect_credential

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
        inspection = inspect_credential(_on_trial(api_key))
        with transaction.atomic():
            connection = find_row(app_id, inspection, livemode=api_key.livemode)
            refuse_mismatch(connection, inspection, method=Connection.Method.API_KEY)
            kept_aside = bool(unproven_required(inspection.permissions)) and works(connection)
            if kept_aside:
                _keep_aside(connection, api_key, inspection, actor)
            else:
                _adopt(connection, api_key, inspection, actor)
    if signing_secret:
        save_signing_secret(connection=connection, secret=signing_secret, actor=actor)
    notices = _notices(connection, api_key)
    return Activation(connection, inspection.permissions, kept_aside, notices)


def connect_with_oauth(*, app_id: UUID, authorized: Authorized, actor: Actor) -> Connection:
    """Adopt an account whose owner authorized us. ``ConflictError`` where the App uses a key or another one."""
    on_trial = Connection(
        method=Connection.Method.CONNECT,
        livemode=authorized.livemode,
        stripe_account_id=authorized.stripe_account_id,
    )
    with advisory_lock(f"connection:{app_id}:{authorized.livemode}"):
        inspection = inspect_credential(on_trial)
        with transaction.atomic():
            connection = find_row(app_id, inspection, livemode=authorized.livemode)
            refuse_mismatch(connection, inspection, method=Connection.Method.CONNECT)
            connection.method = Connection.Method.CONNECT
            connection.api_key_hint = connection.api_key_fingerprint = ""
            connection.save()
            summary = f"Connected to {authorized.stripe_account_id} by Stripe Connect."
            audit.record(connection, actor=actor, action="connected", summary=summary)
            apply_inspection(connection, inspection, actor)
    return connection


def recheck_connection(*, connection: Connection, actor: Actor) -> Connection:
    """Ask Stripe again what the credential may do, and a replacement key first. Repairs and breaks the status."""
    replacement = ReplacementKey.objects.filter(connection=connection).first()
    if replacement:
        _recheck_replacement(connection, replacement, actor)
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


def _on_trial(api_key: ApiKey) -> Connection:
    return Connection(
        method=Connection.Method.API_KEY,
        livemode=api_key.livemode,
        api_key=api_key.secret,
        api_key_fingerprint=api_key.fingerprint,
    )


def _keep_aside(connection: Connection, api_key: ApiKey, inspection: Inspection, actor: Actor) -> None:
    ReplacementKey.objects.update_or_create(
        connection=connection,
        defaults={
            "api_key": api_key.secret,
            "hint": api_key.hint,
            "fingerprint": api_key.fingerprint,
            "saved_by": actor.name,
            "saved_at": timezone.now(),
            "permissions": inspection.permissions,
        },
    )
    summary = f"New key {api_key.hint} saved; the old one stays in use. {describe_waiting(inspection.permissions)}"
    audit.record(connection, actor=actor, action="replacement_saved", summary=summary)


def _adopt(connection: Connection, api_key: ApiKey, inspection: Inspection, actor: Actor) -> None:
    connection.method = Connection.Method.API_KEY
    connection.api_key = api_key.secret
    connection.api_key_hint = api_key.hint
    connection.api_key_fingerprint = api_key.fingerprint
    connection.api_key_saved_by = actor.name
    connection.api_key_saved_at = timezone.now()
    connection.stripe_account_id = inspection.account_id or connection.stripe_account_id
    connection.permissions = {}
    connection.save()
    ReplacementKey.objects.filter(connection=connection).delete()
    audit.record(connection, actor=actor, action="key_saved", summary=f"API key {api_key.hint} saved.")
    apply_inspection(connection, inspection, actor)


def _recheck_replacement(connection: Connection, replacement: ReplacementKey, actor: Actor) -> None:
    api_key = ApiKey(
        secret=replacement.api_key,
        livemode=connection.livemode,
        restricted=replacement.hint.startswith("rk_"),
        hint=replacement.hint,
        fingerprint=replacement.fingerprint,
    )
    try:
        inspection = inspect_credential(_on_trial(api_key))
    except StripeError as refusal:
        if refusal.code not in REFUSED:
            raise
        audit.record(connection, actor=actor, action="replacement_dropped", summary=refusal.user_message)
        replacement.delete()
        return
    if unproven_required(inspection.permissions):
        replacement.permissions = inspection.permissions
        replacement.save(update_fields=["permissions"])
        return
    with transaction.atomic():
        _adopt(connection, api_key, inspection, Actor(replacement.saved_by, actor.origin))


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
