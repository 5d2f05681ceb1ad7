"""Update existing subscription: switch the user to a different plan.

https://docs.stripe.com/billing/subscriptions/change-price and
https://docs.stripe.com/billing/subscriptions/prorations
"""

from collections.abc import Mapping
from typing import Any

from actions.catalogue import usable_plan
from actions.definition import ActionDefinition, Click, StripeRequest
from actions.definitions.shared import (
    COUPON,
    INVOICE_READ,
    PAYING,
    PLAN,
    SCHEDULE_PERMISSION,
    SUBSCRIPTION_WRITE,
    payment_behavior,
    subscription_of,
)
from actions.definitions.switch_later import read_schedule, switch_later
from actions.definitions.switch_now import read_switch, switch_now
from actions.discounts import held_discounts, purchase_after, redeemable, with_new
from actions.models import Status
from actions.outcomes import NotAllowedError, Outcome
from actions.parameters import Parameter, Picker
from actions.stripe_state import Item, Subscription, is_metered, items_of, main_item
from actions.wording import named
from sync.models import Price

NOW = {"timing": ("now",)}
PRORATIONS = {
    "create_prorations": "Create prorations",
    "always_invoice": "Invoice immediately",
    "none": "No prorations",
}


def prepare(click: Click) -> StripeRequest | Outcome:
    subscription, parameters = subscription_of(click), click.parameters
    item = main_item(subscription, click.target)
    price, plan = usable_plan(click, parameters["price"], currency=subscription["currency"])
    _check_fits(subscription, item, price)
    discounts = _discounts(click, item, price)
    if _is_there_already(item, price, parameters, subscription) and not discounts:
        return Outcome(status=Status.NO_OP, code="already_on_plan", message="The user already has this plan.")
    new_item = _new_item(item, price, parameters["quantity"])
    facts = {
        "item": item["id"],
        "old_price": item["price"]["id"],
        "price": price.stripe_id,
        "quantity": new_item.get("quantity"),
        "plan": plan,
    }
    if parameters["timing"] == "period_end":
        return switch_later(click, price, new_item, facts, discounts)
    return switch_now(click, new_item, facts, discounts)


def _check_fits(subscription: Subscription, item: Item, price: Price) -> None:
    others = [other["price"] for other in items_of(subscription) if other["id"] != item["id"]]
    if any(other["id"] == price.stripe_id for other in others):
        raise NotAllowedError("plan_is_another_item", "The subscription already has this plan beside the other.")
    is_flexible = (subscription.get("billing_mode") or {}).get("type") == "flexible"
    terms = {(other["recurring"]["interval"], other["recurring"]["interval_count"]) for other in others}
    if not is_flexible and terms - {(price.interval, price.interval_count)}:
        raise NotAllowedError(
            "mixed_intervals", "In classic billing mode, all plans of a subscription must renew together."
        )


def _is_there_already(item: Item, price: Price, parameters: Mapping[str, Any], subscription: Subscription) -> bool:
    same_quantity = parameters["quantity"] in {None, item.get("quantity")}
    on_trial = subscription["status"] == "trialing"
    is_moved = parameters["trial"] == "end" if on_trial else parameters["billing_cycle_anchor"] == "now"
    return item["price"]["id"] == price.stripe_id and same_quantity and not is_moved


def _new_item(item: Item, price: Price, quantity: int | None) -> dict[str, Any]:
    """The item with the new price. Without its ``id`` both prices would bill; without ``quantity`` it resets
    to 1; a metered price rejects any quantity.
    """
    new_item = {"id": item["id"], "price": price.stripe_id}
    if price.usage_type == "metered":
        if quantity is not None:
            raise NotAllowedError("metered_quantity", "A plan that is billed by usage has no quantity to set.")
        return new_item
    kept = 1 if is_metered(item["price"]) else item.get("quantity")
    return new_item | {"quantity": quantity if quantity is not None else kept or 1}


def _discounts(click: Click, item: Item, price: Price) -> list[dict[str, Any]]:
    """All discounts after the switch; empty where none is to be added."""
    subscription, coupon = subscription_of(click), click.parameters["coupon"]
    if not coupon:
        return []
    held = held_discounts(click, subscription)
    if coupon in {one.coupon for one in held}:
        return []
    quantity = click.parameters["quantity"] or item.get("quantity")
    new = redeemable(click, purchase_after(subscription, item, price, quantity))
    return with_new(held, new) if new else []


def read_back(request: StripeRequest, answer: dict[str, Any]) -> Outcome:
    if answer["object"] == "subscription_schedule":
        return read_schedule(request, answer)
    return read_switch(request, answer)


def summarize(parameters: Mapping[str, Any], names: Mapping[str, str]) -> str:
    plan = named(names, parameters["price"])
    if parameters["timing"] == "period_end":
        text = f"switch the user's current plan to {plan}, when the current period ends"
    else:
        text = f"switch the user's current plan to {plan}, now, {_proration_in_words(parameters)}"
    if parameters["quantity"] is not None:
        text += f", quantity {parameters['quantity']}"
    if parameters["trial"] == "end":
        text += ", end a running trial"
    if parameters["coupon"]:
        text += f", add the coupon {named(names, parameters['coupon'])}"
    return text + (f"; {_failure_in_words(parameters)}" if parameters["timing"] == "now" else "")


def _proration_in_words(parameters: Mapping[str, Any]) -> str:
    words = {
        "create_prorations": "put the difference on the next invoice",
        "always_invoice": "invoice the difference immediately",
        "none": "charge no difference",
    }
    anchor = ", restart the billing date" if parameters["billing_cycle_anchor"] == "now" else ""
    return words[parameters["proration_behavior"]] + anchor


def _failure_in_words(parameters: Mapping[str, Any]) -> str:
    words = {
        "error_if_incomplete": "if the card fails, change nothing",
        "allow_incomplete": "if the card fails, change the plan anyway",
        "pending_if_incomplete": "if the card fails, change the plan once it is paid",
    }
    return words[parameters["payment_behavior"]]


DEFINITION = ActionDefinition(
    key="update_subscription",
    label="Update existing subscription",
    description="Switch the user to a different plan, now or when the current period ends.",
    parameters=(
        PLAN,
        Parameter(
            name="timing",
            label="When",
            picker=Picker.CHOICE,
            options={"now": "Now", "period_end": "At period end"},
            default="now",
        ),
        Parameter(
            name="proration_behavior",
            label="Proration",
            help="A plan with another interval is billed at once and moves the billing date.",
            picker=Picker.CHOICE,
            options=PRORATIONS,
            default="create_prorations",
            only_when=NOW,
        ),
        Parameter(
            name="billing_cycle_anchor",
            label="Billing date",
            picker=Picker.CHOICE,
            options={"unchanged": "Keep", "now": "Restart now"},
            default="unchanged",
            only_when=NOW,
        ),
        payment_behavior("error_if_incomplete", "allow_incomplete", "pending_if_incomplete", only_when=NOW),
        Parameter(
            name="trial",
            label="If the user is on a trial",
            picker=Picker.CHOICE,
            options={"keep": "Keep the trial", "end": "End the trial now"},
            default="keep",
            only_when=NOW,
        ),
        Parameter(
            name="quantity",
            label="Quantity",
            help="Empty keeps the present quantity.",
            picker=Picker.NUMBER,
            minimum=1,
            maximum=1_000_000,
        ),
        COUPON,
    ),
    required_permissions=(SUBSCRIPTION_WRITE,),
    optional_permissions={
        SCHEDULE_PERMISSION: "Stripe makes the switch at period end; without it, Engage does shortly before",
        INVOICE_READ: "exact previews, amounts, and a link for payments that the user must confirm",
    },
    statuses=PAYING,
    prepare=prepare,
    read_back=read_back,
    summarize=summarize,
)
