"""The link from the customer's own user to Stripe: set one, forget one, project what follows."""

from uuid import UUID

from django.db import transaction

from connector.errors import InvalidInputError
from connector.selectors import app_connections
from sync import locks
from sync.identity_csv import find_fault
from sync.models import Customer, Identity, PendingProjection
from sync.projection import project_users
from sync.refresh_queue import request_refresh

_BATCH = 1000


def set_identity(*, app_id: UUID, user_id: str, stripe_id: str, email_address: str) -> Identity:
    """Link one user by the rules of the identity file and project the traits at once.

    Empty strings stand for none. Raises ``InvalidInputError``. A customer that no mirror knows is read soon.
    """
    user_id, stripe_id, email_address = user_id.strip(), stripe_id.strip(), email_address.strip()
    if fault := find_fault(user_id, stripe_id, email_address):
        raise InvalidInputError(*fault)
    values = {"stripe_id": stripe_id or None, "email_address": email_address or None}
    with transaction.atomic():
        locks.share_in_transaction(link_lock(app_id))
        identity, _ = Identity.objects.update_or_create(app_id=app_id, user_id=user_id, defaults=values)
        if stripe_id:
            _request_unknown(app_id, stripe_id)
        project_users(app_id=app_id, user_ids=[user_id], source={"identity": "api"})
    return identity


def link_lock(app_id: UUID) -> str:
    """Held alone while a file is compared and merged; shared by whoever sets one link."""
    return f"links:{app_id}"


def _request_unknown(app_id: UUID, stripe_id: str) -> None:
    connections = app_connections(app_id=app_id)
    known = set(
        Customer.objects.filter(connection__in=connections, stripe_id=stripe_id, rank__gt=0).values_list(
            "connection_id", flat=True
        )
    )
    for connection in connections:
        if connection.id not in known:
            request_refresh(connection_id=connection.id, stripe_id=stripe_id, reason="linked")


def project_pending(*, app_id: UUID, source: dict[str, str]) -> int:
    """Project the users whose link changed, in batches; what a crash leaves is taken up by the next call."""
    projected = 0
    while True:
        with transaction.atomic():
            waiting = PendingProjection.objects.select_for_update(skip_locked=True).filter(app_id=app_id)
            batch = dict(waiting.order_by("user_id").values_list("id", "user_id")[:_BATCH])
            if not batch:
                return projected
            project_users(app_id=app_id, user_ids=batch.values(), source=source)
            PendingProjection.objects.filter(id__in=batch).delete()
        projected += len(batch)
