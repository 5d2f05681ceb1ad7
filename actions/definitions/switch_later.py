"""*Update existing subscription* at period end: by Stripe's schedule, or by our own scheduler shortly before.

https://docs.stripe.com/billing/subscriptions/subscription-schedules
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from actions.definition import Click, StripeRequest
from actions.definitions.shared import (
    SCHEDULE_PERMISSION,
    expansions,
    latest_invoice_of,
    not_shown,
    schedule_to_release,
    subscription_of,
)
from actions.models import Status
from actions.outcomes import NotAllowedError, Outcome
from actions.stripe_state import is_cancelling, main_item
from connector.permissions import allows
from sync.models import Price

LEAD = timedelta(minutes=10)  # how long before the period's end our own scheduler makes the change


def switch_later(
    click: Click, price: Price, new_item: dict[str, Any], facts: dict[str, Any], discounts: list[dict[str, Any]]
) -> StripeRequest | Outcome:
    """The schedule's request where the key permits one; else what our scheduler is to do, and when."""
    subscription = subscription_of(click)
    if is_cancelling(subscription):
        raise NotAllowedError("is_cancelling", "The subscription is about to end. Keep it first.")
    if click.is_due:
        return _at_the_end(click, new_item, facts, discounts)
    schedule, ends = schedule_to_release(click), _period_end(click)
    if not allows(click.connection, SCHEDULE_PERMISSION):
        return Outcome(
            status=Status.PENDING,
            code="scheduled_here",
            message=_at_period_end(facts["plan"]),
            apply_at=datetime.fromtimestamp(ends, UTC) - LEAD,
            replaces="update_subscription",
        )
    later = {
        "schedule": schedule,
        "new_item": {name: value for name, value in new_item.items() if name != "id"},
        "interval": price.interval,
        "interval_count": price.interval_count or 1,
        "discounts": discounts,
        "period_end": ends,
    }
    return StripeRequest(operation="switch_at_period_end", id=subscription["id"], facts=facts | later)


def _period_end(click: Click) -> int:
    """Of the plan that is switched: other items may renew at other times."""
    return int(main_item(subscription_of(click), click.target)["current_period_end"])


def _at_the_end(
    click: Click, new_item: dict[str, Any], facts: dict[str, Any], discounts: list[dict[str, Any]]
) -> StripeRequest:
    """Shortly before the period ends, without prorations. Where our scheduler was down at that moment, the next
    period has begun: then prorated from its start, so that it costs what it would have cost in time.
    """
    subscription = subscription_of(click)
    on_trial = subscription["status"] == "trialing"
    optional = {
        "discounts": discounts,
        "trial_end": subscription["trial_end"] if on_trial else None,
        "proration_date": click.late_since,
    }
    return StripeRequest(
        operation="update_subscription",
        id=subscription["id"],
        params={
            "items": [new_item],
            "proration_behavior": "create_prorations" if click.late_since else "none",
            "payment_behavior": "error_if_incomplete",
            "expand": expansions(click.connection),
            **{name: value for name, value in optional.items() if value},
        },
        facts=facts | latest_invoice_of(subscription),
    )


def read_schedule(request: StripeRequest, schedule: dict[str, Any]) -> Outcome:
    """Judge the schedule by its last phase."""
    plan, phases = request.facts["plan"], schedule["phases"]
    if len(phases) < 2 or request.facts["price"] not in {item["price"] for item in phases[-1]["items"]}:
        return not_shown(f"the switch to {plan}")
    return Outcome(
        status=Status.PENDING,
        code="scheduled_at_stripe",
        message=_at_period_end(plan),
        apply_at=datetime.fromtimestamp(request.facts["period_end"], UTC),
        replaces="update_subscription",
    )


def _at_period_end(plan: str) -> str:
    return f"The plan changes to {plan} when the current period ends."
