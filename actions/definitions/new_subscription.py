"""The request that starts a subscription, for the two actions that do.

https://docs.stripe.com/api/subscriptions/create
"""

from collections.abc import Mapping
from typing import Any

from actions.catalogue import plan_name, usable_coupon, usable_price, usable_promotion_code
from actions.definition import Click, StripeRequest
from actions.definitions.shared import (
    amounts_of,
    date_of,
    expansions,
    not_shown,
    payment_open,
)
from actions.models import Status
from actions.outcomes import Outcome
from actions.stripe_state import items_of
from actions.wording import named
from sync.models import Customer


def start_subscription(
    click: Click, price_id: str, *, quantity: int | None = None, default_payment_method: str = ""
) -> StripeRequest:
    """A subscription of the click's customer to the price, with the click's trial, coupon or promotion code."""
    parameters = click.parameters
    price = usable_price(click.connection, price_id, currency=_currency(click))
    item = {"price": price_id} | ({"quantity": quantity} if quantity and price.usage_type != "metered" else {})
    discount = _discount(click)
    optional = {
        "trial_period_days": parameters["trial_period_days"],
        "discounts": [discount] if discount else None,
        "default_payment_method": default_payment_method or None,
    }
    return StripeRequest(
        operation="create_subscription",
        params={
            "customer": click.customer,
            "items": [item],
            "payment_behavior": parameters.get("payment_behavior", "error_if_incomplete"),
            "off_session": True,
            "expand": expansions(click.connection),
            **{name: value for name, value in optional.items() if value},
        },
        facts={"price": price_id, "plan": plan_name(click.connection, price)},
    )


def _currency(click: Click) -> str | None:
    """One currency per customer: https://docs.stripe.com/billing/customer#currency"""
    live = [one["currency"] for one in click.subscriptions if one["status"] != "canceled"]
    mirrored = Customer.objects.filter(connection=click.connection, stripe_id=click.customer).first()
    return live[0] if live else (mirrored.currency if mirrored else None)


def _discount(click: Click) -> dict[str, str]:
    coupon, code = click.parameters.get("coupon"), click.parameters.get("promotion_code")
    if coupon:
        usable_coupon(click.connection, coupon, subscription=None, now=click.now)
        return {"coupon": coupon}
    if code:
        usable_promotion_code(click.connection, code, customer=click.customer, subscription=None, now=click.now)
        return {"promotion_code": code}
    return {}


def read_back(request: StripeRequest, answer: dict[str, Any]) -> Outcome:
    plan = request.facts["plan"]
    if request.facts["price"] not in {item["price"]["id"] for item in items_of(answer)}:
        return not_shown(f"the plan {plan}")
    if answer["status"] == "trialing":
        until = date_of(answer["trial_end"])
        return Outcome(status=Status.SUCCEEDED, message=f"Subscribed to {plan}; the trial lasts until {until}.")
    if answer["status"] == "active":
        return Outcome(status=Status.SUCCEEDED, message=f"Subscribed to {plan}.", amounts=amounts_of(answer))
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
