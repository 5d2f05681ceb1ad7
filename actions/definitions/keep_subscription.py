"""Keep subscription: undo a cancellation that is pending.

https://docs.stripe.com/billing/subscriptions/cancel#reactivating-canceled-subscriptions
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
from actions.models import Status
from actions.outcomes import Outcome
from actions.stripe_state import is_cancelling


def prepare(click: Click) -> StripeRequest | Outcome:
    subscription = subscription_of(click)
    if not is_cancelling(subscription):
        return Outcome(status=Status.NO_OP, code="not_cancelling", message="The subscription is not about to end.")
    refuse_schedule(click)
    undo: dict[str, Any] = (
        {"cancel_at_period_end": False} if subscription["cancel_at_period_end"] else {"cancel_at": ""}
    )
    return StripeRequest(
        operation="update_subscription",
        id=subscription["id"],
        params=undo | {"expand": expansions(click.connection)},
    )


def read_back(request: StripeRequest, answer: dict[str, Any]) -> Outcome:  # noqa: ARG001  one signature for all
    if is_cancelling(answer) or answer["status"] == "canceled":
        return not_shown("that the subscription goes on")
    return Outcome(status=Status.SUCCEEDED, message="The subscription goes on.")


def summarize(parameters: Mapping[str, Any], names: Mapping[str, str]) -> str:  # noqa: ARG001  one signature for all
    return "undo a pending cancellation of the user's subscription"


DEFINITION = ActionDefinition(
    key="keep_subscription",
    label="Keep subscription",
    description="Undo a cancellation that is pending, so that the subscription goes on.",
    parameters=(),
    required_permissions=(SUBSCRIPTION_WRITE,),
    statuses=PAYING | {"unpaid"},
    prepare=prepare,
    read_back=read_back,
    summarize=summarize,
)
