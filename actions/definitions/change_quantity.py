"""Change quantity: https://docs.stripe.com/billing/subscriptions/quantities"""

from collections.abc import Mapping
from typing import Any

from actions.definition import ActionDefinition, Click, StripeRequest
from actions.definitions.shared import (
    INVOICE_READ,
    PAYING,
    SUBSCRIPTION_WRITE,
    amounts_of,
    expansions,
    latest_invoice_of,
    not_shown,
    refuse_schedule,
    subscription_of,
)
from actions.models import Status
from actions.outcomes import NotAllowedError, Outcome
from actions.parameters import Parameter, Picker
from actions.stripe_state import is_metered, items_of, main_item


def prepare(click: Click) -> StripeRequest | Outcome:
    subscription, parameters = subscription_of(click), click.parameters
    item = main_item(subscription, click.target)
    if is_metered(item["price"]):
        raise NotAllowedError("metered_quantity", "A plan that is billed by usage has no quantity to change.")
    present = item.get("quantity") or 0
    wanted = parameters["quantity"] + (present if parameters["mode"] == "add" else 0)
    if wanted < 1:
        raise NotAllowedError("quantity_below_one", f"The quantity is {present}; it cannot go below 1.")
    if wanted == present:
        return Outcome(status=Status.NO_OP, code="same_quantity", message=f"The quantity is {present} already.")
    refuse_schedule(click)
    return StripeRequest(
        operation="update_subscription",
        id=subscription["id"],
        params={
            "items": [{"id": item["id"], "quantity": wanted}],
            "proration_behavior": "create_prorations",
            "payment_behavior": "error_if_incomplete",
            "expand": expansions(click.connection),
        },
        facts={"item": item["id"], "quantity": wanted, **latest_invoice_of(subscription)},
    )


def read_back(request: StripeRequest, answer: dict[str, Any]) -> Outcome:
    wanted = request.facts["quantity"]
    if not any(one["id"] == request.facts["item"] and one["quantity"] == wanted for one in items_of(answer)):
        return not_shown(f"the quantity {wanted}")
    amounts = amounts_of(request, answer)
    return Outcome(status=Status.SUCCEEDED, message=f"The quantity is now {wanted}.", amounts=amounts)


def summarize(parameters: Mapping[str, Any], names: Mapping[str, str]) -> str:  # noqa: ARG001  one signature for all
    quantity = parameters["quantity"]
    if parameters["mode"] == "set":
        return f"set the quantity of the user's plan to {quantity}"
    return f"{'add' if quantity >= 0 else 'take away'} {abs(quantity)} of the user's plan"


def check(parameters: Mapping[str, Any]) -> dict[str, str]:
    if parameters["mode"] == "set" and parameters["quantity"] < 1:
        return {"quantity": "The quantity to set must be at least 1."}
    if parameters["quantity"] == 0:
        return {"quantity": "Adding 0 changes nothing."}
    return {}


DEFINITION = ActionDefinition(
    key="change_quantity",
    label="Change quantity",
    description="Set the quantity of the user's plan, or add to it.",
    parameters=(
        Parameter(
            name="mode",
            label="How",
            picker=Picker.CHOICE,
            options={"set": "Set to", "add": "Add"},
            default="set",
        ),
        Parameter(
            name="quantity",
            label="Quantity",
            help="A negative number takes away.",
            picker=Picker.NUMBER,
            minimum=-1_000_000,
            maximum=1_000_000,
            required=True,
        ),
    ),
    required_permissions=(SUBSCRIPTION_WRITE,),
    optional_permissions={INVOICE_READ: "exact previews"},
    statuses=PAYING,
    check=check,
    prepare=prepare,
    read_back=read_back,
    summarize=summarize,
)
