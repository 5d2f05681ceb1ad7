"""Read the truth from Stripe: for doubts, after actions, for look-ups. No transaction is open while Stripe is asked."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from connector.errors import StripeError
from connector.models import Connection
from connector.permissions import allows
from connector.rate_limit import Priority
from connector.stripe_gateway import Fetched, StripeGateway
from sync.models import Discount, RefreshRequest, Subscription
from sync.observations import apply_objects
from sync.projection import TraitChange, project_customers, wait_for_writers
from sync.traits import ENDED

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Truth:
    """Objects that were read together; ``rank`` is the lowest of their answers.

    ``asked_at`` is when the queue was last asked for them before they were read.
    """

    objects: list[dict[str, Any]]
    rank: int
    request_id: str
    asked_at: datetime | None = None


def refresh_customer(
    *,
    connection: Connection,
    customer_id: str,
    priority: Priority = "background",
    source: dict[str, Any] | None = None,
) -> list[TraitChange]:
    """Read one customer with all its subscriptions and take it in. Raises ``StripeError``."""
    return refresh_object(
        connection=connection, object_type="customer", stripe_id=customer_id, priority=priority, source=source
    )


def refresh_object(
    *,
    connection: Connection,
    object_type: str,
    stripe_id: str,
    priority: Priority = "background",
    source: dict[str, Any] | None = None,
) -> list[TraitChange]:
    """Read one object, take it in, and settle what was asked about it. Raises ``StripeError``."""
    truth = read_truth(connection=connection, object_type=object_type, stripe_id=stripe_id, priority=priority)
    source = source or {"request": truth.request_id, "at": truth.rank // 2}
    return take_in(truth, connection=connection, object_type=object_type, stripe_id=stripe_id, source=source)


def read_truth(
    *, connection: Connection, object_type: str, stripe_id: str, priority: Priority = "background"
) -> Truth:
    """One object and what hangs on it, as Stripe has them now. Raises ``StripeError``."""
    asked_at = _request(connection, object_type, stripe_id).values_list("created_at", flat=True).first()
    truth = _read_truth(StripeGateway(connection, priority=priority), connection, object_type, stripe_id)
    return replace(truth, asked_at=asked_at)


def take_in(
    truth: Truth, *, connection: Connection, object_type: str, stripe_id: str, source: dict[str, Any]
) -> list[TraitChange]:
    """Write what was read, and settle what was asked about it before."""
    changes = apply_objects(connection=connection, objects=truth.objects, rank=truth.rank, source=source)
    changes += project_renamed(connection=connection, object_type=object_type, stripe_id=stripe_id)
    if truth.asked_at:
        request = _request(connection, object_type, stripe_id)
        request.filter(created_at=truth.asked_at, min_rank__lte=truth.rank).delete()
    return changes


def _request(connection: Connection, object_type: str, stripe_id: str) -> QuerySet[RefreshRequest]:
    return RefreshRequest.objects.filter(connection=connection, object_type=object_type, stripe_id=stripe_id)


def project_renamed(*, connection: Connection, object_type: str, stripe_id: str) -> list[TraitChange]:
    """Project everybody whose plan or coupon got another name. Other types have no name that is a trait."""
    uses: QuerySet[Subscription] | QuerySet[Discount]
    match object_type:
        case "product":
            uses = Subscription.objects.filter(connection=connection, items__contains=[{"product": stripe_id}])
        case "coupon":
            uses = Discount.objects.filter(connection=connection, coupon=stripe_id, customer__isnull=False)
        case _:
            return []
    wait_for_writers(app_id=connection.app_id)
    customers = [str(one) for one in uses.values_list("customer", flat=True).distinct()]
    changes: list[TraitChange] = []
    for start in range(0, len(customers), _CHUNK):
        changes += project_customers(
            connection=connection, customers=customers[start : start + _CHUNK], source={object_type: stripe_id}
        )
    return changes


def _read_truth(stripe: StripeGateway, connection: Connection, object_type: str, stripe_id: str) -> Truth:
    try:
        if object_type == "customer":
            return _read_customer(stripe, connection, stripe_id)
        expand = subscription_expansions(connection, "") if object_type == "subscription" else ()
        fetched = stripe.retrieve(f"{object_type}s", stripe_id, expand=expand)
        objects = [_with_all_items(stripe, fetched.data)] if object_type == "subscription" else [fetched.data]
        return Truth(objects, fetched.rank, fetched.request_id)
    except StripeError as error:
        if error.http_status != 404:
            raise
        return _absence(stripe, connection, object_type, stripe_id)


def _read_customer(stripe: StripeGateway, connection: Connection, customer_id: str) -> Truth:
    customer = _retrieve_customer(stripe, connection, customer_id)
    if customer.data.get("deleted"):
        return _read_deleted_customer(stripe, connection, customer.data, customer.rank, customer.request_id)
    objects, rank = [customer.data], customer.rank
    pages = stripe.subscriptions.pages(
        {
            "customer": customer_id,
            "status": "all",  # canceled ones are hidden otherwise
            "expand": subscription_expansions(connection, "data."),
        }
    )
    for page in pages:
        objects += [_with_all_items(stripe, one) for one in page.items]
        rank = min(rank, page.rank)
    listed = {one["id"] for one in objects}
    objects += [_gone("subscription", one, customer_id) for one in _mirrored(connection, customer_id) - listed]
    return Truth(objects, rank, customer.request_id)


def _retrieve_customer(stripe: StripeGateway, connection: Connection, customer_id: str) -> Fetched:
    expand = []
    if allows(connection, "rak_payment_method_read"):
        expand.append("invoice_settings.default_payment_method")
    if allows(connection, "rak_source_read"):
        expand.append("default_source")
    try:
        return stripe.retrieve_customer(customer_id, expand=expand)
    except StripeError as error:
        if error.http_status != 400:
            raise
        return stripe.retrieve_customer(customer_id)  # a deleted customer has nothing to expand


def _read_deleted_customer(
    stripe: StripeGateway, connection: Connection, data: dict[str, Any], rank: int, request_id: str
) -> Truth:
    """Deleting a customer cancels its subscriptions, and no list shows them any more."""
    objects = [data]
    for stripe_id in _mirrored(connection, data["id"], live=True):
        truth = _read_truth(stripe, connection, "subscription", stripe_id)
        objects += truth.objects
        rank = min(rank, truth.rank)
    return Truth(objects, rank, request_id)


def _mirrored(connection: Connection, customer_id: str, *, live: bool = False) -> set[str]:
    rows = Subscription.objects.filter(connection=connection, customer=customer_id, deleted=False)
    if live:
        rows = rows.exclude(status__in=ENDED)
    return set(rows.values_list("stripe_id", flat=True))


def subscription_expansions(connection: Connection, prefix: str) -> list[str]:
    """What the key may see of a subscription in one request; ``prefix`` is ``data.`` in lists."""
    expand = [f"{prefix}discounts.source.coupon"]
    if allows(connection, "rak_payment_method_read"):
        expand.append(f"{prefix}default_payment_method")
    if allows(connection, "rak_source_read"):
        expand.append(f"{prefix}default_source")
    return expand


def _with_all_items(stripe: StripeGateway, subscription: dict[str, Any]) -> dict[str, Any]:
    """Embedded lists end early: https://docs.stripe.com/api/pagination"""
    if not subscription["items"].get("has_more"):
        return subscription
    pages = stripe.subscription_items.pages({"subscription": subscription["id"]})
    items = [item for page in pages for item in page.items]
    return {**subscription, "items": {"object": "list", "data": items, "has_more": False}}


def _absence(stripe: StripeGateway, connection: Connection, object_type: str, stripe_id: str) -> Truth:
    """Stripe does not know the object. The answer that says so carries no rank; one about the same moment does."""
    rank = stripe.customers.page({"limit": 1}).rank
    customer = (
        Subscription.objects.filter(connection=connection, stripe_id=stripe_id).values_list("customer").first()
    )
    return Truth([_gone(object_type, stripe_id, customer[0] if customer else None)], rank, "")


def _gone(object_type: str, stripe_id: str, customer_id: str | None) -> dict[str, Any]:
    return {"id": stripe_id, "object": object_type, "customer": customer_id, "deleted": True}
