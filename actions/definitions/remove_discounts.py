"""Remove discounts: https://docs.stripe.com/api/subscriptions/update#update_subscription-discounts"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from actions.definition import ActionDefinition, Click, StripeRequest
from actions.definitions.shared import (
    COUPON,
    PAYING,
    SUBSCRIPTION_WRITE,
    expansions,
    not_shown,
    refuse_schedule,
    subscription_of,
)
from actions.discounts import held_discounts
from actions.models import Status
from actions.outcomes import NotAllowedError, Outcome
from actions.stripe_state import discount_ids
from actions.wording import named


def prepare(click: Click) -> StripeRequest | Outcome:
    subscription, coupon = subscription_of(click), click.parameters["coupon"]
    held = held_discounts(click, subscription)
    gone = [one for one in held if not coupon or one.coupon == coupon]
    if not gone:
        return Outcome(status=Status.NO_OP, code="no_discount", message="The user does not have this discount.")
    if not subscription["discounts"]:
        raise NotAllowedError(
            "discount_on_customer",
            "This discount is not on the subscription but on the customer, for all that the customer buys.",
        )
    refuse_schedule(click)
    kept = [one.id for one in held if one not in gone]
    return StripeRequest(
        operation="update_subscription",
        id=subscription["id"],
        params={
            "discounts": [{"discount": discount} for discount in kept] or "",
            "expand": expansions(click.connection),
        },
        facts={"kept": kept},
    )


def read_back(request: StripeRequest, answer: dict[str, Any]) -> Outcome:
    if set(discount_ids(answer)) != set(request.facts["kept"]):
        return not_shown("that the discount is gone")
    return Outcome(status=Status.SUCCEEDED, message="The discount is removed from the subscription.")


def summarize(parameters: Mapping[str, Any], names: Mapping[str, str]) -> str:
    if not parameters["coupon"]:
        return "remove all discounts from the user's subscription"
    return f"remove the coupon {named(names, parameters['coupon'])} from the user's subscription"


DEFINITION = ActionDefinition(
    key="remove_discounts",
    label="Remove discounts",
    description="Take one or all discounts off the user's subscription.",
    parameters=(replace(COUPON, help="Empty removes all.", also_past=True),),
    required_permissions=(SUBSCRIPTION_WRITE,),
    statuses=PAYING | {"unpaid", "paused"},
    prepare=prepare,
    read_back=read_back,
    summarize=summarize,
)
