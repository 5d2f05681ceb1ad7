"""Convert trial now: https://docs.stripe.com/billing/subscriptions/trials#end-a-free-trial-early"""

from collections.abc import Mapping
from typing import Any

from actions.definition import ActionDefinition, Click, StripeRequest
from actions.definitions.shared import (
    INVOICE_READ,
    SUBSCRIPTION_WRITE,
    amounts_of,
    chosen_payment_behavior,
    collects_by_invoice,
    expansions,
    latest_invoice_of,
    not_shown,
    payment_behavior,
    payment_open,
    refuse_schedule,
    subscription_of,
)
from actions.models import Status
from actions.outcomes import Outcome

PAID = "The subscription is now paid."


def prepare(click: Click) -> StripeRequest:
    subscription = subscription_of(click)
    behavior = chosen_payment_behavior(click)
    refuse_schedule(click)
    return StripeRequest(
        operation="update_subscription",
        id=subscription["id"],
        params={
            "trial_end": "now",
            "payment_behavior": behavior,
            "expand": expansions(click.connection),
        },
        facts={"is_sent": collects_by_invoice(subscription), **latest_invoice_of(subscription)},
    )


def read_back(request: StripeRequest, answer: dict[str, Any]) -> Outcome:
    if answer.get("pending_update"):
        return payment_open(answer, "The trial ends once the payment is made.")
    match answer["status"]:
        case "active":
            message = "The trial has ended; the first invoice is sent." if request.facts["is_sent"] else PAID
            return Outcome(status=Status.SUCCEEDED, message=message, amounts=amounts_of(request, answer))
        case "past_due" | "incomplete" | "unpaid":
            return payment_open(answer, "The trial has ended, but the payment is still open.")
        case _:
            return not_shown("the end of the trial")


def summarize(parameters: Mapping[str, Any], names: Mapping[str, str]) -> str:  # noqa: ARG001  one signature for all
    words = {
        "error_if_incomplete": "change nothing",
        "allow_incomplete": "end it anyway",
        "pending_if_incomplete": "end it once it is paid",
    }
    return f"end the user's trial and charge now; if the card fails, {words[parameters['payment_behavior']]}"


DEFINITION = ActionDefinition(
    key="convert_trial",
    label="Convert trial now",
    description="End a running trial and charge the first payment now.",
    parameters=(payment_behavior("error_if_incomplete", "allow_incomplete", "pending_if_incomplete"),),
    required_permissions=(SUBSCRIPTION_WRITE,),
    optional_permissions={INVOICE_READ: "amounts, and a link for payments that the user must confirm"},
    statuses=frozenset({"trialing"}),
    prepare=prepare,
    read_back=read_back,
    summarize=summarize,
)
