"""Whose object it is: thin events name a subscription, a payment method or an invoice, and the customer is read."""

import structlog
from django.db import transaction
from django.db.models import QuerySet

from connector.errors import StripeError
from connector.models import Connection
from connector.permissions import allows
from connector.stripe_gateway import StripeGateway
from sync.facts import Doubt
from sync.json_fields import reference
from sync.models import PaymentMethod, RefreshRequest, Subscription
from sync.refresh_queue import ask

_NEEDS = {"payment_method": "rak_payment_method_read", "invoice": "rak_invoice_read"}

log = structlog.get_logger(__name__)


def ask_for_owners(request: RefreshRequest) -> None:
    """Put the customers in the place of the object in the queue. Raises ``StripeError``."""
    connection = request.connection
    known = _mirrored(connection, request.object_type, request.stripe_id)
    always_the_same = known and request.object_type == "subscription"
    customers = known if always_the_same else known | _told_by_stripe(connection, request)
    if not customers:
        log.warning("refresh_of_nobody", object=request.object_type, request=request.pk)
    asked = {(str(connection.id), Doubt("customer", one, request.reason)): request.min_rank for one in customers}
    with transaction.atomic():
        ask(asked)
        RefreshRequest.objects.filter(id=request.pk, created_at=request.created_at).delete()


def _mirrored(connection: Connection, object_type: str, stripe_id: str) -> set[str]:
    """Whoever had it last, also where Stripe no longer says so: a detached payment method names nobody."""
    rows: QuerySet[Subscription] | QuerySet[PaymentMethod]
    match object_type:
        case "subscription":
            rows = Subscription.objects.filter(connection=connection, stripe_id=stripe_id)
        case "payment_method":
            rows = PaymentMethod.objects.filter(connection=connection, stripe_id=stripe_id)
        case _:
            return set()
    return {one for one in rows.values_list("customer", flat=True) if one}


def _told_by_stripe(connection: Connection, request: RefreshRequest) -> set[str]:
    """Nobody where the key may not look: then no trait but ``delinquent`` hangs on it, and Stripe tells of that
    with the customer's own events too."""
    needed = _NEEDS.get(request.object_type)
    if needed and not allows(connection, needed):
        return set()
    try:
        found = StripeGateway(connection).retrieve(f"{request.object_type}s", request.stripe_id)
    except StripeError as error:
        if error.http_status != 404:
            raise
        return set()
    customer = reference(found.data, "customer")
    return {customer} if customer else set()
