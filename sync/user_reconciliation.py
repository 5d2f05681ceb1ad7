"""Read one user's truth from Stripe now."""

from django.db.models.functions import Lower

from connector.errors import NotFoundError
from connector.models import Connection
from connector.stripe_gateway import StripeGateway
from sync.models import Customer, Identity
from sync.projection import TraitChange
from sync.refresh import refresh_customer


def reconcile_user(*, connection: Connection, user_id: str) -> list[TraitChange]:
    """Read every customer that the user is linked to and return the traits that were wrong.

    Raises ``NotFoundError`` for a user without a link and ``StripeError``.
    """
    identity = Identity.objects.filter(app_id=connection.app_id, user_id=user_id).first()
    if identity is None:
        raise NotFoundError(
            "unknown_user", f"The user {user_id} has no link to Stripe. Import an identity file that names it."
        )
    return [
        change
        for customer_id in sorted(_customers_of(connection, identity))
        for change in refresh_customer(connection=connection, customer_id=customer_id)
    ]


def _customers_of(connection: Connection, identity: Identity) -> set[str]:
    """The linked customer, or those with the email, at Stripe (exact case) and in the mirror (any case)."""
    if identity.stripe_id:
        return {identity.stripe_id}
    email = identity.email_address or ""
    found = StripeGateway(connection).find_customers_by_email(email).items
    mirrored = Customer.objects.filter(connection=connection).alias(lower_email=Lower("email"))
    known = mirrored.filter(lower_email=email.lower()).values_list("stripe_id", flat=True)
    return {customer["id"] for customer in found} | set(known)
