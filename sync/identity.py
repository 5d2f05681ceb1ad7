"""The link from the customer's own user to Stripe: set one, forget one, project what follows."""

from uuid import UUID

from django.db import transaction

from connector.errors import InvalidInputError
from sync import locks
from sync.identity_csv import find_fault
from sync.models import Identity, PendingProjection
from sync.projection import project_users
from sync.unknown_customers import ask_for_link

_BATCH = 1000


def set_identity(*, app_id: UUID, user_id: str, stripe_id: str, email_address: str) -> Identity:
    """Link one user by the rules of the identity file and project the traits at once.

    Empty strings stand for none. Raises ``InvalidInputError``. Of a link that is new or changed, customers that
    no mirror knows are read soon.
    """
    user_id, stripe_id, email_address = user_id.strip(), stripe_id.strip(), email_address.strip()
    if fault := find_fault(user_id, stripe_id, email_address):
        raise InvalidInputError(*fault)
    values = {"stripe_id": stripe_id or None, "email_address": email_address or None}
    with transaction.atomic():
        locks.share_in_transaction(link_lock(app_id))
        former = (
            Identity.objects.filter(app_id=app_id, user_id=user_id).values("stripe_id", "email_address").first()
        )
        identity, _ = Identity.objects.update_or_create(app_id=app_id, user_id=user_id, defaults=values)
        if former != values:
            ask_for_link(app_id=app_id, **values)
        project_users(app_id=app_id, user_ids=[user_id], source={"identity": "api"})
    return identity


def link_lock(app_id: UUID) -> str:
    """Held alone while a file is compared and merged; shared by whoever sets one link."""
    return f"links:{app_id}"


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
