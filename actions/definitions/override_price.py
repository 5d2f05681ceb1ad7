"""Override price: the user's plan at an amount of its own.

https://docs.stripe.com/api/subscriptions/update#update_subscription-items-price_data
"""

from collections.abc import Mapping
from typing import Any

from actions.definition import ActionDefinition, Click, StripeRequest
from actions.definitions.shared import (
    PAYING,
    SUBSCRIPTION_WRITE,
    expansions,
    not_shown,
    refuse_schedule,
    subscription_of,
)
from actions.models import ActionExecution, ActionLimit, Status
from actions.outcomes import NotAllowedError, Outcome
from actions.parameters import Parameter, Picker
from actions.stripe_state import Item, is_metered, items_of, main_item, reference_id
from actions.wording import amount_in_words


def prepare(click: Click) -> StripeRequest | Outcome:
    subscription, amount = subscription_of(click), click.parameters["unit_amount"]
    item = main_item(subscription, click.target)
    _check_allowed(click, item)
    currency = subscription["currency"]
    if click.parameters["currency"] != currency:
        raise NotAllowedError(
            "currency_mismatch",
            f"The amount is in {click.parameters['currency'].upper()}, the subscription in {currency.upper()}.",
        )
    if (item["price"]["unit_amount"], item["price"]["currency"]) == (amount, currency):
        return Outcome(status=Status.NO_OP, code="same_amount", message="The user pays this amount already.")
    refuse_schedule(click)
    on_trial = subscription["status"] == "trialing"
    return StripeRequest(
        operation="update_subscription",
        id=subscription["id"],
        params={
            "items": [_new_item(item, amount, currency)],
            "proration_behavior": "none",
            "payment_behavior": "error_if_incomplete",
            "expand": expansions(click.connection),
            **({"trial_end": subscription["trial_end"]} if on_trial else {}),
        },
        facts={
            "item": item["id"],
            "unit_amount": amount,
            "currency": currency,
            "quantity": item["quantity"],
            "was_free": not item["price"]["unit_amount"] and not on_trial,
        },
    )


def _check_allowed(click: Click, item: Item) -> None:
    limit = ActionLimit.objects.filter(connection=click.connection, action=DEFINITION.key).first()
    plan = _original_plan(click, item["id"], item["price"]["id"])
    if limit is None or plan not in limit.plans:
        raise NotAllowedError(
            "plan_not_allowed", "An App admin has not allowed this plan's price to be overridden."
        )
    price = item["price"]
    if is_metered(price) or price["unit_amount"] is None or price.get("transform_quantity"):
        raise NotAllowedError("no_fixed_amount", "The plan has no fixed amount to override.")


def _original_plan(click: Click, item: str, price: str) -> str:
    """The plan from which earlier overrides of ours led to this price."""
    made = ActionExecution.objects.filter(
        execution__app_id=click.connection.app_id,
        execution__user_id=click.user_id,
        action=DEFINITION.key,
        status=Status.SUCCEEDED,
        subscription=subscription_of(click)["id"],
        after__items__contains=[{"id": item, "price": price}],
    ).first()
    if made is None:
        return price
    before = next(one["price"] for one in made.before["items"] if one["id"] == item)
    return _original_plan(click, item, before)


def _new_item(item: Item, amount: int, currency: str) -> dict[str, Any]:
    """What an inline price leaves out would change: how tax is added, and how often it renews."""
    price, recurring = item["price"], item["price"]["recurring"]
    tax = {} if price["tax_behavior"] in {None, "unspecified"} else {"tax_behavior": price["tax_behavior"]}
    return {
        "id": item["id"],
        "quantity": item["quantity"],
        "price_data": {
            "currency": currency,
            "product": reference_id(price["product"]),
            "unit_amount": amount,
            "recurring": {"interval": recurring["interval"], "interval_count": recurring["interval_count"]},
            **tax,
        },
    }


def read_back(request: StripeRequest, answer: dict[str, Any]) -> Outcome:
    facts = request.facts
    item = next((one for one in items_of(answer) if one["id"] == facts["item"]), None)
    if item is None or (item["price"]["unit_amount"], item["quantity"]) != (
        facts["unit_amount"],
        facts["quantity"],
    ):
        return not_shown("the new amount")
    amount = amount_in_words(facts["unit_amount"], facts["currency"])
    since = "now" if facts["was_free"] else "the next invoice"  # from free to paid, Stripe bills at once
    return Outcome(status=Status.SUCCEEDED, message=f"The plan costs {amount} from {since} on.")


def summarize(parameters: Mapping[str, Any], names: Mapping[str, str]) -> str:  # noqa: ARG001  one signature for all
    amount = amount_in_words(parameters["unit_amount"], parameters["currency"])
    return f"let the user's plan cost {amount} from the next invoice on"


DEFINITION = ActionDefinition(
    key="override_price",
    label="Override price",
    description="Let the user's plan cost another amount from the next invoice on.",
    parameters=(
        Parameter(
            name="unit_amount",
            label="Amount",
            help="In the currency's smallest unit: 1500 is $15.00.",
            picker=Picker.AMOUNT,
            minimum=0,
            maximum=99_999_999,
            required=True,
        ),
        Parameter(name="currency", label="Currency", picker=Picker.CURRENCY, required=True),
    ),
    required_permissions=(SUBSCRIPTION_WRITE,),
    statuses=PAYING,
    prepare=prepare,
    read_back=read_back,
    summarize=summarize,
)
