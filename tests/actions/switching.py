"""Plan switches at period end, for the tests of both ways."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from actions import due_changes
from actions.models import ActionExecution
from tests.actions.shop import Shop, Subscriber


def switch(shop: Shop, user: Subscriber, price: str, **parameters: Any) -> Any:
    """The outcome of a click that puts the switch off."""
    return shop.outcome(user, "update_subscription", price=price, timing="period_end", **parameters)


def make_due() -> None:
    """What beat does every minute, as if the time of everything that waits had come."""
    ActionExecution.objects.filter(status="pending").update(apply_at=timezone.now())
    for action_id in due_changes.claim_due():
        due_changes.apply_change(action_id)


def rows(shop: Shop) -> list[tuple[str, str]]:
    """Status and code of everything that was clicked, oldest first."""
    kept = ActionExecution.objects.filter(execution__app_id=shop.tenant.id).order_by("id")
    return [(row.status, row.code) for row in kept]


def plan(shop: Shop, user: Subscriber) -> str:
    """The price of the subscription's only item."""
    (item,) = shop.subscription(user)["items"]["data"]
    return str(item["price"]["id"])


def period(shop: Shop, user: Subscriber) -> tuple[int, int]:
    (item,) = shop.subscription(user)["items"]["data"]
    return item["current_period_start"], item["current_period_end"]


def on_a_clock(shop: Shop, price: str, **fields: Any) -> Subscriber:
    return shop.subscriber(price, clock=shop.clock(), **fields)


def apply_at(shop: Shop) -> datetime:
    found = ActionExecution.objects.get(execution__app_id=shop.tenant.id, status="pending").apply_at
    assert found is not None
    return found


def before(end: int) -> datetime:
    """Ten minutes before."""
    return datetime.fromtimestamp(end, UTC) - timedelta(minutes=10)
