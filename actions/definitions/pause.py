"""Pause: collection only, or the whole subscription.

https://docs.stripe.com/billing/subscriptions/pause-payment and
https://docs.stripe.com/api/subscriptions/pause
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from actions.calendar import later_renewal
from actions.definition import ActionDefinition, Click, StripeRequest
from actions.definitions.shared import (
    SUBSCRIPTION_WRITE,
    collects_by_invoice,
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
    is_whole = parameters["pause"] == "subscription"
    if subscription["status"] == "paused" or (subscription.get("pause_collection") and not is_whole):
        return Outcome(status=Status.NO_OP, code="is_paused", message="The subscription is paused already.")
    if is_whole:
        _check_pausable(click)
    resumes_at = _resumes_at(click)
    until = {"resumes_at": resumes_at} if resumes_at else {}
    params = {} if is_whole else {"pause_collection": {"behavior": parameters["behavior"]} | until}
    return StripeRequest(
        operation="pause_subscription" if is_whole else "update_subscription",
        id=subscription["id"],
        params=params | {"expand": expansions(click.connection)},
        facts={
            "resumes_at": resumes_at,
            "behavior": parameters["behavior"],
            "effect": _effect(subscription, parameters, resumes_at),
        },
    )


def _check_pausable(click: Click) -> None:
    """https://docs.stripe.com/billing/subscriptions/pause says what cannot be paused."""
    subscription = subscription_of(click)
    if subscription["status"] == "trialing":
        raise NotAllowedError("in_trial", "Stripe cannot pause a subscription on trial. Extend the trial instead.")
    if (subscription.get("billing_mode") or {}).get("type") != "flexible":
        raise NotAllowedError(
            "classic_billing", "Stripe can pause only subscriptions in flexible billing mode. Pause collection."
        )
    if collects_by_invoice(subscription):
        raise NotAllowedError(
            "collected_by_invoice", "Stripe can pause only subscriptions that are charged automatically."
        )
    refuse_schedule(click)


def _resumes_at(click: Click) -> int | None:
    """A pause of N cycles skips the next N renewals, so it ends after the last of them and before the next."""
    subscription, length = subscription_of(click), click.parameters["length"] or 1
    match click.parameters["until"]:
        case "days":
            return int(click.now + length * DAY)
        case "cycles":
            item = main_item(subscription, click.target)
            recurring, renewal = item["price"]["recurring"], item["current_period_end"]
            anchor = subscription["billing_cycle_anchor"]
            interval, count = recurring["interval"], recurring["interval_count"]
            return later_renewal(anchor, interval, count, renewal, length - 1) + AFTER_RENEWAL
        case _:
            return None


def _effect(subscription: Subscription, parameters: Mapping[str, Any], resumes_at: int | None) -> str:
    """What the pause comes to: a short one of a long plan skips nothing, any renewal skipped of a yearly plan
    gives a year away.
    """
    if parameters["pause"] == "subscription":
        return "Nothing is billed while it is paused, and the time that is left is credited."
    renewal = period_end(subscription)
    if resumes_at is not None and resumes_at <= renewal:
        return f"No invoice falls into the pause: the next one is due on {date_of(renewal)}."
    return f"The invoice of {date_of(renewal)} is not collected."


def read_back(request: StripeRequest, answer: dict[str, Any]) -> Outcome:
    facts, is_whole = request.facts, request.operation == "pause_subscription"
    wanted = {"behavior": facts["behavior"], "resumes_at": facts["resumes_at"]}
    if answer["status"] != "paused" if is_whole else (answer["pause_collection"] or {}) != wanted:
        return not_shown("the pause")
    resumes_at = facts["resumes_at"]
    until = f"until {date_of(resumes_at)}" if resumes_at else "until it is resumed"
    follow_up = _resume_at(resumes_at) if is_whole and resumes_at else None
    return Outcome(
        status=Status.SUCCEEDED,
        message=f"Paused {until}. {facts['effect']}",
        follow_up=follow_up,
        replaces="resume" if is_whole else "",
    )


def _resume_at(moment: int) -> FollowUp:
    return FollowUp(
        action="resume",
        parameters={"billing_cycle_anchor": "now"},
        apply_at=datetime.fromtimestamp(moment, UTC),
    )


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
    statuses=frozenset({"active", "trialing", "past_due", "unpaid", "paused"}),
    prepare=prepare,
    read_back=read_back,
    summarize=summarize,
)
