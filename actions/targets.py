"""Whom and what an action is about: the user's Stripe customer, and the subscription read fresh from Stripe."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models.functions import Lower

from actions.outcomes import NotAllowedError
from actions.stripe_state import fact_of, items_of
from connector.errors import StripeError
from connector.models import Connection
from connector.prepared import Prepared, given
from connector.stripe_gateway import StripeGateway
from connector.stripe_lists import Page
from sync.models import Customer, Identity
from sync.traits import rank_subscription

_EXPAND = ["data.discounts", "data.discounts.source.coupon"]
# As the index has it; ``iexact`` compares upper case, which no index has.
_BY_EMAIL = Prepared(
    lambda: (
        Customer.objects.alias(lowered=Lower("email"))
        .filter(connection_id=given("connection"), lowered=Lower(given("email")), deleted=False)
        .order_by("created", "stripe_id")
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """``subscription`` is Stripe's object, None where the user has none; ``now`` is Stripe's time (epoch
    seconds).
    """

    customer: str
    subscription: dict[str, Any] | None
    subscriptions: Sequence[dict[str, Any]]
    now: int


def resolve_target(
    *,
    connection: Connection,
    gateway: StripeGateway,
    identity: Identity | None,
    prices: Collection[str],
    subscription_id: str = "",
) -> Target:
    """The user's current subscription by the trait rule, or by it among those with one of ``prices``;
    ``subscription_id`` where it was chosen before.

    Raises ``NotAllowedError`` for a user without a Stripe customer or without a
    subscription to a targeted plan, ``StripeError``.
    """
    customers = _customers_of(identity, connection, gateway)
    pages = {customer: _subscriptions(gateway, customer) for customer in customers}
    found = [(customer, subscription) for customer, page in pages.items() for subscription in page.items]
    if subscription_id:
        found = [pair for pair in found if pair[1]["id"] == subscription_id]
    elif prices:
        found = [pair for pair in found if {item["price"]["id"] for item in items_of(pair[1])} & set(prices)]
    if not found and (subscription_id or prices):
        raise NotAllowedError("not_on_target", "The user has no subscription to one of the targeted plans.")
    found = sorted(found, key=_order) if len(found) > 1 else found  # there is nearly always one
    customer, subscription = found[0] if found else (customers[0], None)
    return Target(
        customer=customer,
        subscription=subscription,
        subscriptions=pages[customer].items,
        now=_now(gateway, subscription, pages[customer]),
    )


def _customers_of(identity: Identity | None, connection: Connection, gateway: StripeGateway) -> list[str]:
    """Ids of the user's Stripe customers: the linked one, else all with the user's email address."""
    if identity is not None and identity.stripe_id:
        return [identity.stripe_id]
    customers = _customers_by_email(connection, gateway, identity.email_address if identity else None)
    if not customers:
        raise NotAllowedError("no_customer", "The user has no customer at Stripe.")
    return customers


def _customers_by_email(connection: Connection, gateway: StripeGateway, email: str | None) -> list[str]:
    if not email:
        return []
    known = [customer.stripe_id for customer in _BY_EMAIL.all(connection=connection.id, email=email)]
    return known or [customer["id"] for customer in gateway.find_customers_by_email(email).items]


def _subscriptions(gateway: StripeGateway, customer: str) -> Page:
    """All of them; https://docs.stripe.com/api/subscriptions/list hides ended ones unless asked."""
    pages = list(gateway.subscriptions.pages({"customer": customer, "status": "all", "expand": _EXPAND}))
    items = [subscription for page in pages for subscription in page.items]
    return Page(items=items, rank=pages[0].rank, has_more=False)


def _order(pair: tuple[str, dict[str, Any]]) -> tuple[float, int, str]:
    return rank_subscription(fact_of(pair[1]))


def _now(gateway: StripeGateway, subscription: dict[str, Any] | None, page: Page) -> int:
    """Stripe's clock from the answer's rank; a test clock's own time:
    https://docs.stripe.com/billing/testing/test-clocks
    """
    stripe_now = page.rank // 2 + 1
    clock = (subscription or {}).get("test_clock")
    if not clock:
        return stripe_now
    try:
        return int(gateway.retrieve("test_helpers.test_clocks", clock).data["frozen_time"])
    except StripeError:
        return stripe_now
