"""A plan switch at the end of the period by a subscription schedule: two calls that count as one.

https://docs.stripe.com/billing/subscriptions/subscription-schedules/use-cases
"""

from typing import Any

from actions.definition import REFERENCE, StripeRequest
from actions.stripe_state import reference_id
from connector.errors import StripeError
from connector.stripe_gateway import Fetched, StripeGateway

PERMISSION = "rak_subscription_schedule_write"


def switch_at_period_end(gateway: StripeGateway, request: StripeRequest, key: str) -> Fetched:
    """Give the subscription's schedule a second phase with the new price; make one from the subscription first
    where it has none.

    Each call has its own key, so repeating the pair continues where it broke off. Where Stripe refuses the
    second, a schedule made for it is released: the subscription is as it was.
    """
    present = request.facts["schedule"]
    schedule = _schedule(gateway, request, key)
    try:
        return gateway.update_subscription_schedule(
            schedule["id"],
            {
                "end_behavior": "release",
                "phases": switched_phases(schedule, request),
                "metadata": {REFERENCE: key},
            },
            idempotency_key=f"{key}:update",
        )
    except StripeError as error:
        if not (present or error.outcome_unknown or error.retryable):
            gateway.release_subscription_schedule(schedule["id"], {})
        raise


def _schedule(gateway: StripeGateway, request: StripeRequest, key: str) -> dict[str, Any]:
    if request.facts["schedule"]:
        return gateway.retrieve("subscription_schedules", request.facts["schedule"]).data
    created = gateway.create_subscription_schedule(
        {"from_subscription": request.id}, idempotency_key=f"{key}:create"
    )
    return created.data


def find_switch(gateway: StripeGateway, request: StripeRequest, key: str) -> Fetched | None:
    """The schedule that the pair of calls under ``key`` has changed; None where it has not. One that only the first
    call made, and that still says no more than the subscription did, is released.
    """
    schedule = reference_id(gateway.retrieve("subscriptions", request.id).data.get("schedule"))
    if not schedule:
        return None
    found = gateway.retrieve("subscription_schedules", schedule)
    if found.data["metadata"].get(REFERENCE) == key:
        return found
    if not request.facts["schedule"] and not found.data["metadata"] and len(found.data["phases"]) == 1:
        gateway.release_subscription_schedule(schedule, {})
    return None


def switched_phases(schedule: dict[str, Any], request: StripeRequest) -> Any:
    """The schedule's running phase, and after it one with the new price; as a request takes them."""
    return [_current_phase(schedule, request), _next_phase(schedule, request)]


# Phases replace wholesale: what is not listed vanishes, taxes and discounts among it.
# https://docs.stripe.com/api/subscription_schedules/update#update_subscription_schedule-phases
_AS_THEY_ARE = (
    "application_fee_percent",
    "billing_cycle_anchor",
    "billing_thresholds",
    "collection_method",
    "description",
    "metadata",
)
_BY_ID = ("default_payment_method", "on_behalf_of")
_LISTS_BY_ID = ("default_tax_rates", "tax_rates")


def _running(schedule: dict[str, Any]) -> dict[str, Any]:
    start = schedule["current_phase"]["start_date"]
    return next(phase for phase in schedule["phases"] if phase["start_date"] == start)


def _current_phase(schedule: dict[str, Any], request: StripeRequest) -> Any:
    """The running phase, word for word, until the period of the plan that is switched ends: with mixed intervals,
    Stripe's own phase ends with the shortest.
    """
    phase = _running(schedule)
    when = {name: phase[name] for name in ("start_date", "trial_end") if phase.get(name)}
    when["end_date"] = request.facts["period_end"]
    items = [_phase_item(item) for item in phase["items"]]
    return _settings(phase) | when | {"items": items, "proration_behavior": "none"}


def _next_phase(schedule: dict[str, Any], request: StripeRequest) -> Any:
    phase, facts = _running(schedule), request.facts
    items = [
        _switched(item, facts["new_item"])
        if reference_id(item["price"]) == facts["old_price"]
        else _phase_item(item)
        for item in phase["items"]
    ]
    return _settings(phase) | {
        "items": items,
        "discounts": facts["discounts"] or _discounts(phase) or "",
        "duration": {"interval": facts["interval"], "interval_count": facts["interval_count"]},
        "proration_behavior": "none",
    }


def _switched(item: dict[str, Any], new_item: dict[str, Any]) -> dict[str, Any]:
    """The new item says its own quantity: a price by usage has none."""
    kept = {name: value for name, value in _phase_item(item).items() if name != "quantity"}
    return kept | new_item


def _settings(holder: dict[str, Any]) -> dict[str, Any]:
    """What a phase or one of its items says beside time and price, as a request takes it."""
    settings = {name: holder[name] for name in _AS_THEY_ARE if holder.get(name)}
    settings |= {name: reference_id(holder[name]) for name in _BY_ID if holder.get(name)}
    settings |= {name: [reference_id(one) for one in holder[name]] for name in _LISTS_BY_ID if holder.get(name)}
    if discounts := _discounts(holder):
        settings["discounts"] = discounts
    if tax := holder.get("automatic_tax"):
        settings["automatic_tax"] = _given(tax, "enabled", "liability")
    if invoices := holder.get("invoice_settings"):
        settings["invoice_settings"] = _given(
            invoices, "account_tax_ids", "custom_fields", "days_until_due", "description", "footer", "issuer"
        )
    if transfer := holder.get("transfer_data"):
        where = {"destination": reference_id(transfer["destination"])}
        settings["transfer_data"] = _given(transfer, "amount_percent") | where
    return settings


def _given(holder: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: holder[name] for name in names if holder.get(name) is not None}


def _phase_item(item: dict[str, Any]) -> dict[str, Any]:
    quantity = {"quantity": item["quantity"]} if item.get("quantity") is not None else {}
    return {"price": reference_id(item["price"]), **quantity, **_settings(item)}


def _discounts(holder: dict[str, Any]) -> list[dict[str, str]]:
    """Existing discounts by their own id: naming the coupon would mint a new one."""
    names = ("discount", "coupon", "promotion_code")
    return [
        next({name: reference_id(entry[name])} for name in names if entry.get(name))
        for entry in holder.get("discounts") or []
    ]
