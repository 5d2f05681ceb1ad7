"""A plan switch at the end of the period by a subscription schedule: two calls that count as one.

https://docs.stripe.com/billing/subscriptions/subscription-schedules/use-cases
"""

from typing import Any

from actions.definition import StripeRequest
from actions.stripe_state import reference_id
from connector.errors import StripeError
from connector.stripe_gateway import Fetched, StripeGateway

PERMISSION = "rak_subscription_schedule_write"


def switch_at_period_end(gateway: StripeGateway, request: StripeRequest, key: str) -> Fetched:
    """Make a schedule from the subscription, then give it a second phase with the new price.

    Each call has its own key, so repeating the pair continues where it broke off. Where Stripe refuses the
    second, the schedule is released: the subscription is as it was.
    """
    created = gateway.create_subscription_schedule(
        {"from_subscription": request.id}, idempotency_key=f"{key}:create"
    )
    schedule_id = created.data["id"]
    try:
        return gateway.update_subscription_schedule(
            schedule_id,
            {
                "end_behavior": "release",
                "phases": [_current_phase(created.data), _next_phase(created.data, request)],
                "metadata": {"engage_reference": key},
            },
            idempotency_key=f"{key}:update",
        )
    except StripeError as error:
        if not error.outcome_unknown:
            gateway.release_subscription_schedule(schedule_id, {}, idempotency_key=f"{key}:undo")
        raise


def _current_phase(schedule: dict[str, Any]) -> Any:
    """The running phase, word for word: phases replace wholesale, and an unlisted discount vanishes."""
    phase = schedule["phases"][0]
    current = {
        "start_date": phase["start_date"],
        "end_date": phase["end_date"],
        "items": [_phase_item(item) for item in phase["items"]],
        "discounts": _phase_discounts(phase),
        "proration_behavior": "none",
    }
    return current | ({"trial_end": phase["trial_end"]} if phase.get("trial_end") else {})


def _next_phase(schedule: dict[str, Any], request: StripeRequest) -> Any:
    phase, facts = schedule["phases"][0], request.facts
    items = [
        facts["new_item"] if reference_id(item["price"]) == facts["old_price"] else _phase_item(item)
        for item in phase["items"]
    ]
    added = [{"coupon": facts["coupon"]}] if facts.get("coupon") else []
    return {
        "items": items,
        "discounts": [*_phase_discounts(phase), *added] or "",
        "duration": {"interval": facts["interval"], "interval_count": facts["interval_count"]},
        "proration_behavior": "none",
    }


def _phase_item(item: dict[str, Any]) -> dict[str, Any]:
    quantity = {"quantity": item["quantity"]} if item.get("quantity") is not None else {}
    discounts = _phase_discounts(item)
    return {"price": reference_id(item["price"]), **quantity} | ({"discounts": discounts} if discounts else {})


def _phase_discounts(phase: dict[str, Any]) -> list[dict[str, str]]:
    """Existing discounts by their own id: naming the coupon would mint a new one."""
    names = ("discount", "coupon", "promotion_code")
    return [
        next({name: reference_id(entry[name])} for name in names if entry.get(name))
        for entry in phase.get("discounts") or []
    ]
