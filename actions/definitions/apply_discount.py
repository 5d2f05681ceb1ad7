"""Apply coupon or promotion code: https://docs.stripe.com/billing/subscriptions/coupons"""

from collections.abc import Mapping, Sequence
from typing import Any

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
from actions.discounts import Held, chosen_coupon, held_discounts, purchase_of, redeemable, with_new
from actions.models import Status
from actions.outcomes import Outcome
from actions.parameters import Parameter, Picker
from actions.stripe_state import Subscription, coupon_ids, discount_ids, items_of, reference_id
from actions.wording import named


def prepare(click: Click) -> StripeRequest | Outcome:
    subscription, mode = subscription_of(click), click.parameters["mode"]
    held = held_discounts(click, subscription)
    if mode == "only_if_none" and (held or any(item["discounts"] for item in items_of(subscription))):
        return Outcome(status=Status.NO_OP, code="has_discount", message="The user already has a discount.")
    same = [one for one in held if one.coupon == chosen_coupon(click)]
    if same and (mode == "add" or len(held) == 1):
        return Outcome(status=Status.NO_OP, code="has_coupon", message="The user already has this discount.")
    new = None if same else redeemable(click, purchase_of(subscription))
    refuse_schedule(click)
    kept = same if mode == "replace" else held
    return _request(click, kept, new)


def _request(click: Click, kept: Sequence[Held], new: dict[str, str] | None) -> StripeRequest:
    """The whole list of discounts: one of the user's own is kept by its id, as it may be half used up."""
    discounts = with_new(kept, new) if new else [{"discount": one.id} for one in kept]
    return StripeRequest(
        operation="update_subscription",
        id=subscription_of(click)["id"],
        params={"discounts": discounts, "expand": expansions(click.connection)},
        facts={"new": new, "kept": [one.id for one in kept]},
    )


def read_back(request: StripeRequest, answer: dict[str, Any]) -> Outcome:
    new, kept, found = request.facts["new"], request.facts["kept"], discount_ids(answer)
    is_whole = set(kept) <= set(found) and len(found) == len(kept) + bool(new)
    if not is_whole or (new and not _shows(new, answer)):
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
