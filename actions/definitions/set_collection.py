"""Toggle automatic collection: https://docs.stripe.com/billing/collection-method"""

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
from actions.models import Status
from actions.outcomes import Outcome
from actions.parameters import Parameter, Picker

METHODS = {"charge_automatically": "On: charge the card on file", "send_invoice": "Off: send invoices"}


def prepare(click: Click) -> StripeRequest | Outcome:
    subscription, method = subscription_of(click), click.parameters["collection_method"]
    due = {"days_until_due": click.parameters["days_until_due"] or 30} if method == "send_invoice" else {}
    same_due = all(subscription.get(name) == value for name, value in due.items())
    if subscription["collection_method"] == method and same_due:
        return Outcome(status=Status.NO_OP, code="same_collection", message="Invoices are collected so already.")
    refuse_schedule(click)
    return StripeRequest(
        operation="update_subscription",
        id=subscription["id"],
        params={"collection_method": method, **due, "expand": expansions(click.connection)},
        facts={"collection_method": method, **due},
    )


def read_back(request: StripeRequest, answer: dict[str, Any]) -> Outcome:
    method = request.facts["collection_method"]
    if any(answer[name] != value for name, value in request.facts.items()):
        return not_shown("the new way of collecting")
    charges = method == "charge_automatically"
    message = "Invoices are charged automatically." if charges else "Invoices are sent to be paid."
    return Outcome(status=Status.SUCCEEDED, message=message)


def summarize(parameters: Mapping[str, Any], names: Mapping[str, str]) -> str:  # noqa: ARG001  one signature for all
    if parameters["collection_method"] == "charge_automatically":
        return "charge the user's invoices automatically"
    return f"send the user invoices that are due within {parameters['days_until_due'] or 30} days"


DEFINITION = ActionDefinition(
    key="set_collection",
    label="Toggle automatic collection",
    description="Charge the user's invoices automatically, or send them to be paid.",
    parameters=(
        Parameter(
            name="collection_method",
            label="Automatic collection",
            picker=Picker.CHOICE,
            options=METHODS,
            required=True,
        ),
        Parameter(
            name="days_until_due",
            label="Days until due",
            help="Empty means 30.",
            picker=Picker.NUMBER,
            minimum=1,
            maximum=365,
            only_when={"collection_method": ("send_invoice",)},
        ),
    ),
    required_permissions=(SUBSCRIPTION_WRITE,),
    statuses=PAYING | {"unpaid"},
    prepare=prepare,
    read_back=read_back,
    summarize=summarize,
)
