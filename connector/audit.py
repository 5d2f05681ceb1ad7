"""The audit trail: every change of settings leaves an entry."""

from dataclasses import dataclass

from django.http import HttpRequest

from connector.models import AuditEntry, Connection


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and from where: an address, ``command line``, ``Stripe`` or ``nightly check``."""

    name: str
    origin: str


NIGHTLY_CHECK = Actor("Engage", "nightly check")
STRIPE = Actor("Stripe", "Stripe")
COMMAND_LINE = Actor("Operator", "command line")


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in console user and the address of the request."""
    return Actor(request.user.get_username(), request.META.get("REMOTE_ADDR", ""))


def record(connection: Connection, *, actor: Actor, action: str, summary: str) -> None:
    """Leave an entry. ``action`` is a stable word for programs, ``summary`` a sentence without secrets."""
    AuditEntry.objects.create(
        app_id=connection.app_id,
        connection=connection,
        actor=actor.name,
        origin=actor.origin,
        action=action,
        summary=summary,
    )
