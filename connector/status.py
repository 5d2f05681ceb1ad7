"""How a connection really is: when each kind of data last arrived, and what is wrong."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Literal

from connector.models import Connection
from connector.permissions import describe_permission, describe_permissions

Kind = Literal["success", "info", "warning", "danger"]

_NIGHT = timedelta(hours=26)  # a nightly run with its jitter and duration
_QUIET = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Sign:
    """One line of the status table. ``at`` is when the data last arrived, where that is what the line is about."""

    label: str
    kind: Kind
    word: str
    text: str
    at: datetime | None = None


contributions: list[Callable[[Connection], Iterable[Sign]]] = []
"""What the apps above know of a connection; they append a function at start-up, as imports only go downward.

A sign of theirs takes the place of one of ours with the same label, unless ours already says that something is wrong.
"""


def read_signs(connection: Connection, *, now: datetime, endpoint_trouble: str) -> list[Sign]:
    """Every sign of one connection. ``endpoint_trouble``: what is wrong with the platform's endpoint, or empty."""
    own = [
        _credential(connection),
        _events(connection, now, endpoint_trouble),
        _nightly("Catalogue", connection.last_catalogue_at, now, "Plans and coupons cannot be chosen in prompts."),
        _nightly(
            "Identities",
            connection.last_identities_at,
            now,
            "Without them users are not matched to Stripe customers. Upload a CSV or set up the nightly file.",
        ),
        _nightly(
            "Reconciliation",
            connection.last_reconciliation_at,
            now,
            "Lost events are not made up for until it runs.",
        ),
        _permissions(connection),
    ]
    signs = {sign.label: sign for sign in own}
    for sign in chain.from_iterable(contribute(connection) for contribute in contributions):
        if sign.label not in signs or signs[sign.label].kind == "success":
            signs[sign.label] = sign
    return list(signs.values())


def is_healthy(signs: list[Sign]) -> bool:
    """Green only while nothing is wrong."""
    return all(sign.kind in {"success", "info"} for sign in signs)


def _credential(connection: Connection) -> Sign:
    word = connection.get_status_display()
    match connection.status:
        case Connection.Status.ACTIVE:
            return Sign("Connection", "success", word, "Stripe accepts it.", connection.permissions_checked_at)
        case Connection.Status.INACTIVE:
            return Sign("Connection", "warning", word, "Switched off: no traits, no actions.")
        case Connection.Status.PENDING:
            return Sign("Connection", "warning", word, connection.status_reason)
        case _:
            return Sign("Connection", "danger", word, connection.status_reason)


def _events(connection: Connection, now: datetime, endpoint_trouble: str) -> Sign:
    label, at = "Real-time events", connection.last_event_at
    if endpoint_trouble:
        return Sign(label, "danger", "Broken", endpoint_trouble, at)
    if connection.method == Connection.Method.API_KEY and not connection.webhook_secret:
        text = "No webhook signing secret is saved, so changes at Stripe only come in at night."
        return Sign(label, "warning", "Not set up", text, at)
    if at is None:
        return Sign(label, "warning", "None yet", "No event has arrived. Send a test event to be sure.")
    if now - at > _QUIET:
        return Sign(label, "warning", "Quiet", "None for a week. Send a test event to be sure.", at)
    return Sign(label, "success", "Arriving", "Traits follow within seconds.", at)


def _nightly(label: str, at: datetime | None, now: datetime, without: str) -> Sign:
    if at is None:
        return Sign(label, "warning", "None yet", without)
    if now - at > _NIGHT:
        return Sign(label, "warning", "Late", without, at)
    return Sign(label, "success", "Fresh", "", at)


def _permissions(connection: Connection) -> Sign:
    if connection.method == Connection.Method.CONNECT:
        return Sign("Permissions", "success", "All", "Stripe Connect grants reading and writing.")
    lacking = [row for row in describe_permissions(connection.permissions) if row.state != "granted"]
    if not lacking:
        return Sign("Permissions", "success", "All", "", connection.permissions_checked_at)
    required = [row for row in lacking if row.permission.required]
    names = ", ".join(describe_permission(row.permission.name) for row in required or lacking)
    if required:
        return Sign("Permissions", "danger", "Missing", f"Required: {names}.", connection.permissions_checked_at)
    text = f"Optional ones are missing: {names}. The table says what each unlocks."
    return Sign("Permissions", "info", "Enough", text, connection.permissions_checked_at)
