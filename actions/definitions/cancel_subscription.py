"""Cancel subscription: https://docs.stripe.com/billing/subscriptions/cancel"""

from collections.abc import Mapping
from typing import Any

from actions.definition import ActionDefinition, Click, StripeRequest
from actions.definitions.shared import (
    LIVE_STATUSES,
    SCHEDULE_PERMISSION,
    SUBSCRIPTION_WRITE,
    date_of,
    expansions,
    not_shown,
    schedule_to_release,
    subscription_of,
)
from actions.models import Status
from actions.outcomes import NotAllowedError, Outcome
from actions.parameters import Parameter, Picker
from actions.stripe_state import Subscription, is_cancelling, items_of, period_end
from sync.traits import ENDED

FEEDBACK = {
    "customer_service": "Customer service was less than expected",
    "low_quality": "Quality was less than expected",
    "missing_features": "Some features are missing",
    "other": "Other reason",
    "switched_service": "Switching to a different service",
    "too_complex": "Ease of use was less than expected",
    "too_expensive": "It is too expensive",
    "unused": "Not used enough",
}


def prepare(click: Click) -> StripeRequest | Outcome:
    subscription, parameters = subscription_of(click), click.parameters
    feedback = {"cancellation_details": {"feedback": parameters["feedback"]}} if parameters["feedback"] else {}
    expand = {"expand": expansions(click.connection)}
    if parameters["timing"] == "now":
        return StripeRequest(
            operation="cancel_subscription",
            id=subscription["id"],
            releases=schedule_to_release(click),
            params={
                "prorate": parameters["prorate"],
                "invoice_now": parameters["invoice_now"],
                **feedback,
                **expand,
            },
        )
    if is_cancelling(subscription) and _end_of(subscription) <= period_end(subscription):
        return Outcome(status=Status.NO_OP, code="is_cancelling", message=_ends(subscription))
    if subscription["status"] in {"paused", "incomplete"}:
        raise NotAllowedError(
            f"status_{subscription['status']}", "This subscription has no running period. Cancel it now instead."
        )
    return StripeRequest(
        operation="update_subscription",
        id=subscription["id"],
        releases=schedule_to_release(click),
        params=_at_period_end(subscription) | feedback | expand,
    )


def _at_period_end(subscription: Subscription) -> dict[str, Any]:
    """Of items with mixed intervals the first to end counts, as it does for the traits: nobody who cancels is billed
    again. What is paid beyond that is credited: https://docs.stripe.com/billing/subscriptions/mixed-interval
    """
    ends = {item["current_period_end"] for item in items_of(subscription)}
    return {"cancel_at_period_end": True} if len(ends) == 1 else {"cancel_at": "min_period_end"}


def _end_of(subscription: Subscription) -> int:
    return int(subscription.get("cancel_at") or period_end(subscription))


def _ends(subscription: Subscription) -> str:
    return f"The subscription ends on {date_of(_end_of(subscription))}."


def read_back(request: StripeRequest, answer: dict[str, Any]) -> Outcome:
    if request.operation == "cancel_subscription":
        if answer["status"] not in ENDED:  # one that was never paid ends as incomplete_expired
            return not_shown("the cancellation")
        return Outcome(status=Status.SUCCEEDED, message="The subscription is canceled.")
    if not is_cancelling(answer):
        return not_shown("the cancellation")
    return Outcome(status=Status.SUCCEEDED, message=_ends(answer))


def summarize(parameters: Mapping[str, Any], names: Mapping[str, str]) -> str:  # noqa: ARG001  one signature for all
    if parameters["timing"] == "period_end":
        return "cancel the user's subscription when the current period ends"
    prorate = "credit the unused time" if parameters["prorate"] else "without credit for the unused time"
    invoice = ", invoice what is open" if parameters["invoice_now"] else ""
    return f"cancel the user's subscription now, {prorate}{invoice}"


DEFINITION = ActionDefinition(
    key="cancel_subscription",
    label="Cancel subscription",
    description="End the user's subscription, now or when the current period ends.",
    parameters=(
        Parameter(
            name="timing",
            label="When",
            picker=Picker.CHOICE,
            options={"period_end": "At period end", "now": "Now"},
            default="period_end",
        ),
        Parameter(
            name="prorate",
            label="Credit the unused time",
            picker=Picker.SWITCH,
            default=False,
            only_when={"timing": ("now",)},
        ),
        Parameter(
            name="invoice_now",
            label="Invoice what is open now",
            picker=Picker.SWITCH,
            default=False,
            only_when={"timing": ("now",)},
        ),
        Parameter(name="feedback", label="Reason", picker=Picker.CHOICE, options=FEEDBACK),
    ),
    required_permissions=(SUBSCRIPTION_WRITE,),
    optional_permissions={SCHEDULE_PERMISSION: "cancels also where a plan switch is scheduled"},
    statuses=LIVE_STATUSES,
    prepare=prepare,
    read_back=read_back,
    summarize=summarize,
)
