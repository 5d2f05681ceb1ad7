"""Record usage: https://docs.stripe.com/api/billing/meter-event/create"""

from collections.abc import Mapping
from typing import Any

from actions.definition import ActionDefinition, Click, Needs, StripeRequest
from actions.definitions.shared import not_shown
from actions.meters import METER_READ
from actions.models import Status
from actions.outcomes import Outcome
from actions.parameters import Parameter, Picker


def prepare(click: Click) -> StripeRequest:
    return StripeRequest(
        operation="record_meter_event",
        params={
            "event_name": click.parameters["event_name"],
            "payload": {"stripe_customer_id": click.customer, "value": str(click.parameters["value"])},
            "identifier": click.reference,
        },
    )


def read_back(request: StripeRequest, answer: dict[str, Any]) -> Outcome:
    if answer["identifier"] != request.params["identifier"]:
        return not_shown("the usage")
    return Outcome(status=Status.SUCCEEDED, message="The usage is recorded.")


def summarize(parameters: Mapping[str, Any], names: Mapping[str, str]) -> str:  # noqa: ARG001  one signature for all
    return f"record a usage of {parameters['value']} on the meter {parameters['event_name']}"


DEFINITION = ActionDefinition(
    key="record_usage",
    label="Record usage",
    description="Send a usage event to one of your meters.",
    parameters=(
        Parameter(
            name="event_name",
            label="Meter",
            help="Which of your meters counts the usage.",
            picker=Picker.METER,
            required=True,
        ),
        Parameter(
            name="value", label="Value", picker=Picker.NUMBER, minimum=0, maximum=1_000_000_000, required=True
        ),
    ),
    required_permissions=("rak_billing_meter_event_write",),
    optional_permissions={METER_READ: "meters to choose from; without it, their event names are typed"},
    needs=Needs.CUSTOMER,
    prepare=prepare,
    read_back=read_back,
    summarize=summarize,
)
