"""The rules of activation, the same for keys and Stripe Connect: which row, which status, and why."""

from uuid import UUID

from django.utils import timezone

from connector import audit
from connector.audit import Actor
from connector.errors import ConflictError
from connector.health import report_trouble
from connector.keys import ApiKey
from connector.models import Connection, ReplacementKey
from connector.permissions import describe_permission, missing_required, unproven_required
from connector.probing import Inspection
from connector.signals import announce, connection_activated

Status = Connection.Status


def find_row(app_id: UUID, inspection: Inspection, *, livemode: bool) -> Connection:
    """The App's connection of this mode, else a disconnected one of the same account, else a new one."""
    rows = Connection.objects.select_for_update().filter(app_id=app_id, livemode=livemode)
    current = rows.exclude(status=Status.REVOKED).first()
    if current is None and inspection.account_id:
        current = rows.filter(stripe_account_id=inspection.account_id).order_by("-updated_at").first()
    return current or Connection(app_id=app_id, livemode=livemode)


def refuse_mismatch(connection: Connection, inspection: Inspection, *, method: str) -> None:
    """``ConflictError`` where the App is connected in this mode by the other method or to another account."""
    if connection.status == Status.REVOKED or connection._state.adding:
        return
    if connection.method != method:
        used = connection.get_method_display()
        raise ConflictError(
            "other_method", f"This App uses {used} in {connection.mode} mode. Disconnect it first."
        )
    known, found = connection.stripe_account_id, inspection.account_id
    if known and found and known != found:
        raise ConflictError(
            "another_account",
            f"This is the account {found}, but this App is connected to {known}. "
            "Disconnect first if you want to change accounts.",
        )


def works(connection: Connection) -> bool:
    """Whether its credential is sound, be it switched on or off."""
    return connection.status in {Status.ACTIVE, Status.INACTIVE}


def on_trial(api_key: ApiKey) -> Connection:
    """An unsaved connection that can be inspected."""
    return Connection(
        method=Connection.Method.API_KEY,
        livemode=api_key.livemode,
        api_key=api_key.secret,
        api_key_fingerprint=api_key.fingerprint,
    )


def adopt_key(connection: Connection, api_key: ApiKey, inspection: Inspection, actor: Actor) -> None:
    """Put an inspected key in force on a new or locked row."""
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


def apply_inspection(connection: Connection, inspection: Inspection, actor: Actor) -> None:
    """Keep what was found; a permission that Stripe gave no answer on keeps its former state."""
    news = {
        name: found
        for name, found in inspection.permissions.items()
        if found["state"] != "unknown" or name not in connection.permissions
    }
    connection.permissions |= news
    connection.permissions_checked_at = timezone.now()
    connection.stripe_account_id = inspection.account_id or connection.stripe_account_id
    connection.display_name = inspection.account_name or connection.display_name
    before = connection.status
    connection.status, connection.status_reason = _judge(connection)
    connection.trouble_reported_at = connection.trouble_reported_at if connection.status == before else None
    connection.save()
    if connection.status != before:
        summary = connection.status_reason or f"Now {connection.get_status_display().lower()}."
        audit.record(connection, actor=actor, action="status_changed", summary=summary)
        if connection.status == Status.ACTIVE:
            announce(connection_activated, connection)
        elif connection.status == Status.ERROR:
            report_trouble(connection)


def _judge(connection: Connection) -> tuple[str, str]:
    """(status, reason) that the permissions found allow."""
    if connection.method == Connection.Method.CONNECT or not unproven_required(connection.permissions):
        return (Status.INACTIVE if connection.status == Status.INACTIVE else Status.ACTIVE), ""
    reason = describe_waiting(connection.permissions)
    return (Status.ERROR if works(connection) else Status.PENDING), reason


def describe_waiting(permissions: dict[str, dict[str, str]]) -> str:
    """What to tick in Stripe before the key can be used."""
    missing = missing_required(permissions)
    if not missing:
        return "Stripe did not answer on every permission. Check again in a moment."
    names = ", ".join(describe_permission(permission.name) for permission in missing)
    return f"Tick these permissions for the key in Stripe: {names}."
