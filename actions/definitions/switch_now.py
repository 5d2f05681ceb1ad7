"""*Update existing subscription* now: https://docs.stripe.com/billing/subscriptions/change-price"""

from collections.abc import Mapping, Sequence
from typing import Any

from actions.definition import Click, StripeRequest
from actions.definitions.shared import (
    amounts_of,
    chosen_payment_behavior,
    expansions,
    latest_invoice_of,
    not_shown,
    payment_is_open,
    payment_open,
    schedule_to_release,
    subscription_of,
)
from actions.models import Status
from actions.outcomes import Outcome
from actions.stripe_state import Item, Subscription, items_of


def switch_now(
    click: Click, new_item: dict[str, Any], facts: dict[str, Any], discounts: Sequence[dict[str, Any]]
) -> StripeRequest:
    """One update with everything in it. Raises ``NotAllowedError``."""
    subscription, parameters = subscription_of(click), click.parameters
    billing_date = _billing_date(subscription, parameters)
    behavior = chosen_payment_behavior(click)
    return StripeRequest(
        operation="update_subscription",
        id=subscription["id"],
        releases=schedule_to_release(click),
        # A switch that is refused must leave what was scheduled before. Stripe takes new items under a schedule.
        releases_last=not billing_date and behavior != "pending_if_incomplete",
        params={
            "items": [new_item],
            "proration_behavior": parameters["proration_behavior"],
            "payment_behavior": behavior,
            "expand": expansions(click.connection),
            **billing_date,
            **({"discounts": list(discounts)} if discounts else {}),
        },
        facts=facts | latest_invoice_of(subscription),
    )


def _billing_date(subscription: Subscription, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """A trial is always named: left out, a plan of another interval would end it. While it runs, billing
    starts at its end and no earlier date can be set.
    """
    if subscription["status"] == "trialing":
        return {"trial_end": "now" if parameters["trial"] == "end" else subscription["trial_end"]}
    if parameters["billing_cycle_anchor"] == "now":
        return {"billing_cycle_anchor": {"type": "now"}}
    return {}


def read_switch(request: StripeRequest, answer: dict[str, Any]) -> Outcome:
    """Judge the subscription by the item that was switched, and by what is still to be paid."""
    facts = request.facts
    if any(
        _is_switched(facts, item) for item in (answer.get("pending_update") or {}).get("subscription_items") or []
    ):
        return payment_open(answer, f"The plan changes to {facts['plan']} once the payment is made.")
    if not any(_is_switched(facts, item) for item in items_of(answer)):
        return not_shown(f"the plan {facts['plan']}")
    if payment_is_open(request, answer):
        return payment_open(answer, f"The plan is now {facts['plan']}, but its payment is still open.")
    return Outcome(
        status=Status.SUCCEEDED,
        message=f"The plan is now {facts['plan']}.",
        amounts=amounts_of(request, answer),
        replaces="update_subscription",
    )


def _is_switched(facts: Mapping[str, Any], item: Item) -> bool:
    same_quantity = facts["quantity"] in {None, item.get("quantity")}
    return bool(item["id"] == facts["item"] and item["price"]["id"] == facts["price"] and same_quantity)
