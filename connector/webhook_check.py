"""*Send test event*: make Stripe send something, then see whether it arrives."""

from datetime import datetime, timedelta
from typing import Literal

from django.utils import timezone

from connector import audit
from connector.audit import Actor
from connector.models import Connection
from connector.stripe_gateway import StripeGateway

_PATIENCE = timedelta(seconds=60)

Verdict = Literal["not_started", "waiting", "arrived", "nothing_came"]


def start_check(*, connection: Connection, actor: Actor) -> None:
    """Create a customer at Stripe and delete it at once: two events, nothing left behind. ``StripeError``."""
    connection.webhook_check_started_at = timezone.now()
    connection.save(update_fields=["webhook_check_started_at"])
    stripe = StripeGateway(connection, priority="click")
    created = stripe.create_customer({"name": "Recurly Engage webhook check", "description": "Deleted at once."})
    stripe.delete_customer(created.data["id"])
    audit.record(connection, actor=actor, action="test_event_sent", summary="Test event requested from Stripe.")


def judge_check(connection: Connection, *, now: datetime) -> Verdict:
    """Whether an event came since the last check began; nothing within a minute counts as failed."""
    started, last = connection.webhook_check_started_at, connection.last_event_at
    if started is None:
        return "not_started"
    if last and last >= started:
        return "arrived"
    return "waiting" if now - started < _PATIENCE else "nothing_came"
