"""Who at Stripe has an email address that a link names: the road of links without a ``stripe_id``."""

from django.db import transaction

from connector.models import Connection
from connector.stripe_gateway import StripeGateway
from sync.models import RefreshRequest
from sync.refresh_queue import EMAIL, request_refresh


def look_up(*, connection: Connection, email: str) -> list[str]:
    """Queue every customer with this address to be read, and return their ids. Raises ``StripeError``.

    Stripe compares exactly, we do not: the address is looked up as it is written, and in small letters.
    https://docs.stripe.com/api/customers/list#list_customers-email
    """
    gateway = StripeGateway(connection)
    found = {
        str(customer["id"])
        for written in {email, email.lower()}
        for page in gateway.customers.pages({"email": written})
        for customer in page.items
    }
    with transaction.atomic():
        for customer_id in sorted(found):
            request_refresh(connection_id=connection.pk, stripe_id=customer_id, reason="linked by email")
        RefreshRequest.objects.filter(connection=connection, object_type=EMAIL, stripe_id=email).delete()
    return sorted(found)
