"""Pause: collection only, or the whole subscription.

https://docs.stripe.com/billing/subscriptions/pause-payment and
https://docs.stripe.com/api/subscriptions/pause
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from actions.calendar import add_intervals
from actions.definition import ActionDefinition, Click, StripeRequest
from actions.definitions.shared import (
    SUBSCRIPTION_WRITE,
    date_of,
    expansions,
    not_shown,
    refuse_schedule,
    subscription_of,
)
from actions.models import Status
from actions.outcomes import FollowUp, NotAllowedError, Outcome
from actions.parameters import Parameter, Picker
from actions.stripe_state import Subscription, main_item, period_end

DAY = 86_400
AFTER_RENEWAL = 7_200  # resume two hours after the last skipped invoice was drafted; Stripe finalizes within one
COLLECTION = {"pause": ("collection",)}


def prepare(click: Click) -> StripeRequest | Outcome:
    subscription, parameters = subscription_of(click), click.parameters
    if subscription.get("pause_collection"):
        return Outcome(status=Status.NO_OP, code="is_paused", message="The subscription is paused already.")
    resumes_at = _resumes_at(click)
    facts = {"resumes_at": resumes_at, "effect": _effect(subscription, parameters, resumes_at)}
    if parameters["pause"] == "collection":
        until = {"resumes_at": resumes_at} if resumes_at else {}
        return StripeRequest(
            operation="update_subscription",
            id=subscription["id"],
            params={
                "pause_collection": {"behavior": parameters["behavior"]} | until,
                "expand": expansions(click.connection),
            },
            facts=facts,
        )
    refuse_schedule(click)
    if (subscription.get("billing_mode") or {}).get("type") != "flexible":
        raise NotAllowedError(
            "classic_billing", "Stripe can pause only subscriptions in flexible billing mode. Pause collection."
        )
    return StripeRequest(
        operation="pause_subscription",
        id=subscription["id"],
        params={"expand": expansions(click.connection)},
        facts=facts,
    )


def _resumes_at(click: Click) -> int | None:
    subscription, length = subscription_of(click), click.parameters["length"] or 1
    match click.parameters["until"]:
        case "days":
            return int(click.now + length * DAY)
        case "cycles":
            recurring = main_item(subscription, click.target)["price"]["recurring"]
            skipped = recurring["interval_count"] * (length - 1)
            last = add_intervals(period_end(subscription), recurring["interval"], skipped)
            return last + AFTER_RENEWAL
        case _:
            return None


def _effect(subscription: Subscription, parameters: Mapping[str, Any], resumes_at: int | None) -> str:
    """What the pause comes to: a short one of a long plan skips nothing, any renewal skipped of a yearly plan
    gives a year away.
    """
    if parameters["pause"] == "subscription":
        return "Nothing is billed while it is paused."
    renewal = period_end(subscription)
    if resumes_at is not None and resumes_at <= renewal:
        return f"No invoice falls into the pause: the next one is due on {date_of(renewal)}."
    return f"The invoice of {date_of(renewal)} is not collected."


def read_back(request: StripeRequest, answer: dict[str, Any]) -> Outcome:
    facts, is_whole = request.facts, request.operation == "pause_subscription"
    if answer["status"] != "paused" if is_whole else not answer["pause_collection"]:
        return not_shown("the pause")
    resumes_at = facts["resumes_at"]
    until = f"until {date_of(resumes_at)}" if resumes_at else "until it is resumed"
    follow_up = None
    if is_whole and resumes_at:
        follow_up = FollowUp(
            action="resume",
            parameters={"billing_cycle_anchor": "now"},
            apply_at=datetime.fromtimestamp(resumes_at, UTC),
        )
    return Outcome(status=Status.SUCCEEDED, message=f"Paused {until}. {facts['effect']}", follow_up=follow_up)


def summarize(parameters: Mapping[str, Any], names: Mapping[str, str]) -> str:  # noqa: ARG001  one signature for all
    behaviors = {
        "void": "void its invoices",
        "keep_as_draft": "keep its invoices as drafts",
        "mark_uncollectible": "mark its invoices uncollectible",
    }
    lengths = {
        "resumed": "until it is resumed",
        "days": f"for {parameters['length'] or 1} days",
        "cycles": f"for {parameters['length'] or 1} billing cycles",
    }
    whole = parameters["pause"] == "subscription"
    what = "the user's subscription" if whole else "collection of the user's subscription"
    how = "" if whole else f", {behaviors[parameters['behavior']]}"
    return f"pause {what} {lengths[parameters['until']]}{how}"


DEFINITION = ActionDefinition(
    key="pause",
    label="Pause",
    description="Stop collecting payments for a while, or pause the whole subscription.",
    parameters=(
        Parameter(
            name="pause",
            label="What to pause",
            help="A paused subscription loses its status active; paused collection leaves it as it is.",
            picker=Picker.CHOICE,
            options={"collection": "Collection", "subscription": "Subscription (flexible billing)"},
            default="collection",
        ),
        Parameter(
            name="behavior",
            label="Invoices meanwhile",
            picker=Picker.CHOICE,
            options={"void": "Void", "keep_as_draft": "Keep as draft", "mark_uncollectible": "Mark uncollectible"},
            default="void",
            only_when=COLLECTION,
        ),
        Parameter(
            name="until",
            label="For",
            help="Check the preview for long intervals: pausing a yearly plan can give a year away.",
            picker=Picker.CHOICE,
            options={"resumed": "Until resumed", "cycles": "Billing cycles", "days": "Days"},
            default="resumed",
        ),
        Parameter(
            name="length",
            label="How many",
            picker=Picker.NUMBER,
            minimum=1,
            maximum=730,
            only_when={"until": ("cycles", "days")},
        ),
    ),
    required_permissions=(SUBSCRIPTION_WRITE,),
    statuses=frozenset({"active", "trialing", "past_due", "unpaid"}),
    prepare=prepare,
    read_back=read_back,
    summarize=summarize,
)
