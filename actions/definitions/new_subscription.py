"""The request that starts a subscription, for the two actions that do.

https://docs.stripe.com/api/subscriptions/create
"""

from collections.abc import Mapping
from typing import Any

from actions.catalogue import usable_plan
from actions.definition import REFERENCE, Click, StripeRequest
from actions.definitions.shared import (
    amounts_of,
    date_of,
    expansions,
    not_shown,
    payment_open,
)
from actions.discounts import purchase_of_plan, redeemable
from actions.models import Status
from actions.outcomes import NotAllowedError, Outcome
from actions.stripe_state import LIVE, Subscription, items_of
from actions.wording import named
from sync.models import Customer

MOST_SUBSCRIPTIONS = 500  # of one customer: https://docs.stripe.com/api/subscriptions/create


def start_subscription(
    click: Click, price_id: str, *, quantity: int | None = None, terms: Mapping[str, Any] | None = None
) -> StripeRequest | Outcome:
    """A subscription of the click's customer to the price, with the click's trial, coupon or promotion code.

    ``terms`` are further parameters of it. There is nothing to do where the customer has the plan.
    """
    live = [one for one in click.subscriptions if one["status"] in LIVE]
    same = [one for one in live if price_id in {item["price"]["id"] for item in items_of(one)}]
    if same:
        return _has_it(click, same)
    if len(live) >= MOST_SUBSCRIPTIONS:
        raise NotAllowedError("too_many_subscriptions", "The customer has as many subscriptions as Stripe allows.")
    currency = _currency(click, live)
    price, plan = usable_plan(click, price_id, currency=currency)
    item = {"price": price_id} | ({"quantity": quantity} if quantity and price.usage_type != "metered" else {})
    discount = redeemable(click, purchase_of_plan(price, quantity, currency=currency or price.currency))
    optional = {
        "trial_period_days": click.parameters["trial_period_days"],
        "discounts": [discount] if discount else None,
    }
    return StripeRequest(
        operation="create_subscription",
        params={
            "customer": click.customer,
            "items": [item],
            "payment_behavior": click.parameters.get("payment_behavior", "error_if_incomplete"),
            "off_session": True,
            "metadata": {REFERENCE: click.reference},
            "expand": expansions(click.connection),
            **{name: value for name, value in optional.items() if value},
            **(terms or {}),
        },
        facts={"price": price_id, "plan": plan},
    )


def _has_it(click: Click, same: list[Subscription]) -> Outcome:
    """One whose first payment is open is not had yet, but a second one beside it would be one too many."""
    if any(one["status"] != "incomplete" for one in same):
        return Outcome(status=Status.NO_OP, code="already_on_plan", message="The user already has this plan.")
    fresh = click.gateway.retrieve("subscriptions", same[0]["id"], expand=expansions(click.connection))
    return payment_open(fresh.data, "The user has chosen this plan before; its first payment is still open.")


def _currency(click: Click, live: list[Subscription]) -> str | None:
    """One currency per customer: https://docs.stripe.com/billing/customer#currency"""
    if live:
        return str(live[0]["currency"])
    mirrored = Customer.objects.filter(connection=click.connection, stripe_id=click.customer).first()
    if mirrored and mirrored.deleted:
        raise NotAllowedError("customer_gone", "The user's customer was deleted at Stripe.")
    return mirrored.currency if mirrored else None


def read_back(request: StripeRequest, answer: dict[str, Any]) -> Outcome:
    plan = request.facts["plan"]
    if request.facts["price"] not in {item["price"]["id"] for item in items_of(answer)}:
        return not_shown(f"the plan {plan}")
    if answer["status"] == "trialing":
        until = date_of(answer["trial_end"])
        return Outcome(status=Status.SUCCEEDED, message=f"Subscribed to {plan}; the trial lasts until {until}.")
    if answer["status"] == "active":
        return Outcome(
            status=Status.SUCCEEDED, message=f"Subscribed to {plan}.", amounts=amounts_of(request, answer)
        )
    return payment_open(answer, f"Subscribed to {plan}, but the first payment is still open.")


def terms_in_words(parameters: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Trial and discount of the new subscription, for summaries."""
    words = []
    if parameters["trial_period_days"]:
        words.append(f"with {parameters['trial_period_days']} trial days")
    if parameters.get("coupon"):
        words.append(f"with the coupon {named(names, parameters['coupon'])}")
    if parameters.get("promotion_code"):
        words.append(f"with the promotion code {named(names, parameters['promotion_code'])}")
    return "".join(f", {word}" for word in words)


def one_discount(parameters: Mapping[str, Any]) -> dict[str, str]:
    """At most one of coupon and promotion code."""
    both = parameters["coupon"] and parameters["promotion_code"]
    return {"promotion_code": "Choose a coupon or a promotion code, not both."} if both else {}
