"""Extend trial: https://docs.stripe.com/billing/subscriptions/trials"""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q

from actions.definition import ActionDefinition, Click, StripeRequest
from actions.definitions.shared import (
    SUBSCRIPTION_WRITE,
    date_of,
    expansions,
    not_shown,
    refuse_schedule,
    subscription_of,
)
from actions.models import ActionExecution, Status
from actions.outcomes import NotAllowedError, Outcome
from actions.parameters import Parameter, Picker
from actions.stripe_state import Subscription, period_end

DAY = 86_400
# From the billing date's anchor; how Stripe counts where that is long ago, it says itself.
# https://docs.stripe.com/api/subscriptions/update#update_subscription-trial_end
LONGEST = 730 * DAY


def prepare(click: Click) -> StripeRequest:
    subscription, parameters = subscription_of(click), click.parameters
    refuse_schedule(click)
    _check_cap(click)
    trial_end = _free_from(subscription, click.now) + parameters["trial_period_days"] * DAY
    if trial_end > max(subscription["billing_cycle_anchor"], click.now) + LONGEST:
        raise NotAllowedError("trial_too_long", "Stripe allows trials of at most two years.")
    return StripeRequest(
        operation="update_subscription",
        id=subscription["id"],
        params={
            "trial_end": trial_end,
            "proration_behavior": "none",
            "expand": expansions(click.connection),
        },
        facts={"trial_end": trial_end},
    )


def _free_from(subscription: Subscription, now: int) -> int:
    """When the new days start: after the trial, or after the time that is paid for already. A trial that began at
    once would take the rest of the paid period away, and bill the next one early.
    """
    if subscription["status"] == "trialing":
        return max(int(subscription["trial_end"]), now)
    return max(period_end(subscription), now)


def _check_cap(click: Click) -> None:
    """Extensions whose outcome is still open count as done."""
    most = click.parameters["most_extensions"]
    done = ActionExecution.objects.filter(
        Q(status=Status.SUCCEEDED) | Q(status__in=[Status.RUNNING, Status.UNKNOWN], request__isnull=False),
        execution__connection=click.connection,
        execution__app_id=click.connection.app_id,
        execution__user_id=click.user_id,
        action=DEFINITION.key,
    )
    if most is not None and done.exclude(idempotency_key=click.reference).count() >= most:
        raise NotAllowedError("cap_extensions", "The user's trial has been extended as often as is allowed.")


def read_back(request: StripeRequest, answer: dict[str, Any]) -> Outcome:
    if answer["trial_end"] != request.facts["trial_end"] or answer["status"] != "trialing":
        return not_shown("the longer trial")
    return Outcome(status=Status.SUCCEEDED, message=f"The trial lasts until {date_of(answer['trial_end'])}.")


def summarize(parameters: Mapping[str, Any], names: Mapping[str, str]) -> str:  # noqa: ARG001  one signature for all
    most = parameters["most_extensions"]
    cap = f", at most {most} times per user" if most is not None else ""
    return f"extend the user's trial by {parameters['trial_period_days']} days{cap}"


DEFINITION = ActionDefinition(
    key="extend_trial",
    label="Extend trial",
    description="Make a running trial longer; a user who already pays gets free days after the paid period.",
    parameters=(
        Parameter(
            name="trial_period_days", label="Days", picker=Picker.NUMBER, minimum=1, maximum=730, required=True
        ),
        Parameter(
            name="most_extensions",
            label="Most extensions per user",
            help="Empty sets no limit.",
            picker=Picker.NUMBER,
            minimum=1,
            maximum=100,
        ),
    ),
    required_permissions=(SUBSCRIPTION_WRITE,),
    statuses=frozenset({"trialing", "active"}),
    prepare=prepare,
    read_back=read_back,
    summarize=summarize,
)
