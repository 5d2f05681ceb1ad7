"""Resume what was paused: https://docs.stripe.com/api/subscriptions/resume"""

from collections.abc import Mapping
from typing import Any

from actions.definition import ActionDefinition, Click, StripeRequest
from actions.definitions.shared import (
    INVOICE_READ,
    SUBSCRIPTION_WRITE,
    amounts_of,
    collects_by_invoice,
    expansions,
    latest_invoice_of,
    not_shown,
    payment_open,
    subscription_of,
)
from actions.models import Status
from actions.outcomes import NotAllowedError, Outcome
from actions.parameters import Parameter, Picker
from connector.permissions import allows

_WAITS = "The subscription resumes once its invoice is paid."


def prepare(click: Click) -> StripeRequest | Outcome:
    subscription = subscription_of(click)
    if subscription["status"] == "paused":
        return _resume(click)
    if subscription.get("pause_collection"):
        return StripeRequest(
            operation="update_subscription",
            id=subscription["id"],
            params={"pause_collection": "", "expand": expansions(click.connection)},
        )
    return Outcome(status=Status.NO_OP, code="not_paused", message="The subscription is not paused.")


def _resume(click: Click) -> StripeRequest | Outcome:
    subscription = subscription_of(click)
    if collects_by_invoice(subscription):
        raise NotAllowedError(
            "collected_by_invoice", "Stripe resumes only subscriptions that are charged automatically."
        )
    if waiting := _waits_for_payment(click):
        return waiting
    is_flexible = (subscription.get("billing_mode") or {}).get("type") == "flexible"
    return StripeRequest(
        operation="resume_subscription",
        id=subscription["id"],
        params={
            "billing_cycle_anchor": {"type": click.parameters["billing_cycle_anchor"]},
            **({"payment_behavior": "resume_on_payment_success"} if is_flexible else {}),
            "expand": expansions(click.connection),
        },
        facts=latest_invoice_of(subscription),
    )


def _waits_for_payment(click: Click) -> Outcome | None:
    """An earlier click may have resumed it already, up to a payment that is open: another one would bill it twice."""
    if not allows(click.connection, INVOICE_READ):
        return None
    fresh = click.gateway.retrieve(
        "subscriptions", subscription_of(click)["id"], expand=expansions(click.connection)
    ).data
    invoice = fresh.get("latest_invoice") or {}
    paused = ((fresh.get("status_details") or {}).get("paused") or {}).get("transitioned_at")
    if invoice.get("status") != "open" or paused is None or invoice["created"] < paused:
        return None
    return payment_open(fresh, _WAITS)


def read_back(request: StripeRequest, answer: dict[str, Any]) -> Outcome:
    if request.operation == "resume_subscription":
        return _read_resumed(request, answer)
    if answer.get("pause_collection"):
        return not_shown("that its invoices are collected again")
    return Outcome(status=Status.SUCCEEDED, message="Invoices are collected again.")


def _read_resumed(request: StripeRequest, answer: dict[str, Any]) -> Outcome:
    match answer["status"]:
        case "paused":
            return payment_open(answer, _WAITS)
        case "past_due":
            return payment_open(answer, "The subscription goes on, but its payment is still open.")
        case "active":
            rest = " Collecting its invoices is still paused." if answer.get("pause_collection") else ""
            message = f"The subscription goes on.{rest}"
            amounts = amounts_of(request, answer)
            return Outcome(status=Status.SUCCEEDED, message=message, amounts=amounts, replaces="resume")
        case _:
            return not_shown("that the subscription goes on")


def summarize(parameters: Mapping[str, Any], names: Mapping[str, str]) -> str:  # noqa: ARG001  one signature for all
    anchors = {"now": "start a new period now", "unchanged": "keep the billing date"}
    return f"resume the user's paused subscription, {anchors[parameters['billing_cycle_anchor']]}"


DEFINITION = ActionDefinition(
    key="resume",
    label="Resume",
    description="End a pause of collection or of the whole subscription.",
    parameters=(
        Parameter(
            name="billing_cycle_anchor",
            label="Billing date",
            help="Counts for a paused subscription; where only collection is paused, the date stays.",
            picker=Picker.CHOICE,
            options={"now": "Now", "unchanged": "Unchanged"},
            default="now",
        ),
    ),
    required_permissions=(SUBSCRIPTION_WRITE,),
    optional_permissions={INVOICE_READ: "amounts, and a link for payments that the user must confirm"},
    statuses=frozenset({"active", "trialing", "past_due", "unpaid", "paused"}),
    prepare=prepare,
    read_back=read_back,
    summarize=summarize,
)
