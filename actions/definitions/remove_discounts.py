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
from actions.models import Status
from actions.outcomes import Outcome
from actions.stripe_state import coupon_ids, discount_ids
from actions.wording import named


def prepare(click: Click) -> StripeRequest | Outcome:
    subscription, coupon = subscription_of(click), click.parameters["coupon"]
    pairs = list(zip(discount_ids(subscription), coupon_ids(subscription), strict=True))
    kept = [discount for discount, of_coupon in pairs if coupon and of_coupon != coupon]
    if len(kept) == len(pairs):
        return Outcome(status=Status.NO_OP, code="no_discount", message="The user does not have this discount.")
    refuse_schedule(click)
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
    return Outcome(status=Status.SUCCEEDED, message="The discount is removed.")


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
