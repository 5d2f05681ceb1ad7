"""Apply coupon or promotion code: https://docs.stripe.com/billing/subscriptions/coupons"""

from collections.abc import Mapping
from typing import Any

from actions.catalogue import appended_discounts, has_coupon, usable_coupon, usable_promotion_code
from actions.definition import ActionDefinition, Click, StripeRequest
from actions.definitions.new_subscription import one_discount
from actions.definitions.shared import (
    COUPON,
    PAYING,
    PROMOTION_CODE,
    SUBSCRIPTION_WRITE,
    expansions,
    not_shown,
    refuse_schedule,
    subscription_of,
)
from actions.models import Status
from actions.outcomes import Outcome
from actions.parameters import Parameter, Picker
from actions.stripe_state import Subscription, coupon_ids, discount_ids, reference_id
from actions.wording import named


def prepare(click: Click) -> StripeRequest | Outcome:
    subscription, parameters = subscription_of(click), click.parameters
    if parameters["mode"] == "only_if_none" and (subscription["discounts"] or click.customer_discount):
        return Outcome(status=Status.NO_OP, code="has_discount", message="The user already has a discount.")
    new, coupon = _checked(click)
    if coupon and has_coupon(subscription, coupon):
        return Outcome(status=Status.NO_OP, code="has_coupon", message="The user already has this discount.")
    refuse_schedule(click)
    if parameters["mode"] == "replace":
        discounts: list[dict[str, Any]] = [new]
    else:
        discounts = appended_discounts(subscription, click.customer_discount, new)
    return StripeRequest(
        operation="update_subscription",
        id=subscription["id"],
        params={"discounts": discounts, "expand": expansions(click.connection)},
        facts={"new": new, "kept": [entry["discount"] for entry in discounts if "discount" in entry]},
    )


def _checked(click: Click) -> tuple[dict[str, str], str | None]:
    """The new discount as Stripe takes it, and its coupon."""
    coupon, code = click.parameters["coupon"], click.parameters["promotion_code"]
    subscription = subscription_of(click)
    if coupon:
        usable_coupon(click.connection, coupon, subscription=subscription, now=click.now)
        return {"coupon": coupon}, coupon
    found = usable_promotion_code(
        click.connection, code, customer=click.customer, subscription=subscription, now=click.now
    )
    return {"promotion_code": code}, found.coupon


def read_back(request: StripeRequest, answer: dict[str, Any]) -> Outcome:
    lost = set(request.facts["kept"]) - set(discount_ids(answer))
    if not _shows(request.facts["new"], answer) or lost:
        return not_shown("the discount")
    return Outcome(status=Status.SUCCEEDED, message="The discount is applied.")


def _shows(new: dict[str, str], answer: Subscription) -> bool:
    codes = {reference_id(one.get("promotion_code")) for one in answer["discounts"] if isinstance(one, dict)}
    return new.get("coupon") in coupon_ids(answer) or new.get("promotion_code") in codes


def summarize(parameters: Mapping[str, Any], names: Mapping[str, str]) -> str:
    kind = "coupon" if parameters["coupon"] else "promotion code"
    name = named(names, parameters["coupon"] or parameters["promotion_code"])
    modes = {
        "add": f"add the {kind} {name} to the user's discounts",
        "replace": f"replace the user's discounts by the {kind} {name}",
        "only_if_none": f"give the {kind} {name} to a user without a discount",
    }
    return modes[parameters["mode"]]


def check(parameters: Mapping[str, Any]) -> dict[str, str]:
    if not parameters["coupon"] and not parameters["promotion_code"]:
        return {"coupon": "Choose either a coupon or a promotion code."}
    return one_discount(parameters)


DEFINITION = ActionDefinition(
    key="apply_discount",
    label="Apply coupon or promotion code",
    description="Give the user's subscription a discount.",
    parameters=(
        COUPON,
        PROMOTION_CODE,
        Parameter(
            name="mode",
            label="Discounts the user has",
            picker=Picker.CHOICE,
            options={"add": "Keep and add", "replace": "Replace", "only_if_none": "Only if there is none"},
            default="add",
        ),
    ),
    required_permissions=(SUBSCRIPTION_WRITE,),
    statuses=PAYING | {"unpaid", "paused"},
    check=check,
    prepare=prepare,
    read_back=read_back,
    summarize=summarize,
)
