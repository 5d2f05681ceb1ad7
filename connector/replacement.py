"""A new key that lacks permissions waits beside the one in force until it passes."""

from django.db import transaction
from django.utils import timezone

from connector import audit
from connector.activation import adopt_key, describe_waiting, on_trial
from connector.audit import Actor
from connector.errors import StripeError
from connector.health import REFUSED
from connector.keys import ApiKey
from connector.models import Connection, ReplacementKey
from connector.permissions import unproven_required
from connector.probing import Inspection, inspect_credential


def keep_aside(connection: Connection, api_key: ApiKey, inspection: Inspection, actor: Actor) -> None:
    """Save the key without using it."""
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


def recheck_replacement(connection: Connection, replacement: ReplacementKey, actor: Actor) -> Connection | None:
    """Ask Stripe about the waiting key again. The connection with its new key, where that passes now."""
    api_key = ApiKey(
        secret=replacement.api_key,
        livemode=connection.livemode,
        restricted=replacement.hint.startswith("rk_"),
        hint=replacement.hint,
        fingerprint=replacement.fingerprint,
    )
    try:
        inspection = inspect_credential(on_trial(api_key))
    except StripeError as refusal:
        if refusal.code not in REFUSED:
            raise
        audit.record(connection, actor=actor, action="replacement_dropped", summary=refusal.user_message)
        replacement.delete()
        return None
    if unproven_required(inspection.permissions):
        replacement.permissions = inspection.permissions
        replacement.save(update_fields=["permissions"])
        return None
    with transaction.atomic():
        row = Connection.objects.select_for_update().get(pk=connection.pk)
        adopt_key(row, api_key, inspection, Actor(replacement.saved_by, actor.origin))
    return row
