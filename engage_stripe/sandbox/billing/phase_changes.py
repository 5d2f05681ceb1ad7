"""Entering the phases of a schedule: https://docs.stripe.com/billing/subscriptions/subscription-schedules."""

from __future__ import annotations

from typing import Any

from engage_stripe.sandbox.billing import cancellation, schedules
from engage_stripe.sandbox.billing.charges import bill_usage
from engage_stripe.sandbox.billing.creation import create_scheduled
from engage_stripe.sandbox.billing.discounts import set_discounts
from engage_stripe.sandbox.billing.draft import Draft, items_of
from engage_stripe.sandbox.billing.invoices import keep_waiting
from engage_stripe.sandbox.billing.items import change_items
from engage_stripe.sandbox.billing.settings import assign_settings
from engage_stripe.sandbox.billing.updates import update_subscription
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.state import Account

DISCOUNT = ("coupon", "discount", "promotion_code")


def start(account: Account, schedule: Obj) -> None:
    """Its first phase begins: the subscription is created."""
    phase = schedule["phases"][0]
    given = {
        "customer": schedule["customer"],
        "billing_mode": schedule["billing_mode"],
        **phase_params(account, phase),
    }
    given["items"] = [new_item(account, item) for item in phase["items"]]
    sub = create_scheduled(account, given)
    schedules.attach(account, schedule, sub)
    account.emit("subscription_schedule.updated", schedule, {"status": "not_started"})


def advance_of(account: Account, sub: Obj) -> None:
    """The current phase of the subscription's schedule is over: enter the next, or end."""
    schedule = account.find("subscription_schedule", sub["schedule"])
    now = account.now(sub["customer"])
    ended = schedule["current_phase"]["end_date"]
    following = [phase for phase in schedule["phases"] if phase["start_date"] >= ended]
    if following:
        schedules.enter(account, schedule, following[0])
        apply_phase(account, sub, following[0])
        account.emit("subscription_schedule.updated", schedule, {"current_phase": None})
        return
    if schedule["end_behavior"] == "cancel":
        cancellation.end(account, sub, now, reason=cancellation.REQUESTED)
    else:
        schedules.release(account, schedule, now)


def apply_phase(account: Account, sub: Obj, phase: Obj) -> None:
    """Give the subscription the phase's items, discounts and settings.

    On a billing date the renewal that follows bills the new items in full; in between they are prorated.
    """
    params = {**phase_params(account, phase), "items": item_params(account, sub, phase)}
    if all(item["current_period_end"] <= account.now(sub["customer"]) for item in items_of(account, sub)):
        _swap_at_renewal(account, sub, params)
    else:
        behavior = {"proration_behavior": phase["proration_behavior"]}
        update_subscription(account, sub, {**params, **behavior}, by_schedule=True)


def phase_params(account: Account, phase: Obj) -> dict[str, Any]:
    """The subscription parameters that a phase stands for; what it does not list vanishes."""
    params: dict[str, Any] = {"discounts": _given(account, phase["discounts"])}
    for name in ("default_payment_method", "collection_method", "trial_end", "description"):
        if phase.get(name) is not None:
            params[name] = phase[name]
    if phase["metadata"]:
        params["metadata"] = phase["metadata"]
    return params


def item_params(account: Account, sub: Obj, phase: Obj) -> list[dict[str, Any]]:
    """An `items` parameter that turns the subscription's items into the phase's.

    A price that stays keeps its item; another price gets a new one.
    """
    wanted = {item["price"]: item for item in phase["items"]}
    params: list[dict[str, Any]] = []
    for item in items_of(account, sub):
        target = wanted.pop(item["price"], None)
        if target is None:
            params.append({"id": item["id"], "deleted": True})
        else:
            params.append({"id": item["id"], **_item_settings(account, target)})
    return params + [new_item(account, target) for target in wanted.values()]


def new_item(account: Account, target: Obj) -> dict[str, Any]:
    """The parameters of an item that a phase begins."""
    return {"price": target["price"], "scheduled": True, **_item_settings(account, target)}


def _item_settings(account: Account, target: Obj) -> dict[str, Any]:
    quantity = {"quantity": target["quantity"]} if "quantity" in target else {}
    metadata = {"metadata": target["metadata"]} if target["metadata"] else {}
    return {"discounts": _given(account, target["discounts"]), **quantity, **metadata}


def _given(account: Account, discounts: list[Obj]) -> list[dict[str, Any]] | None:
    """A `discounts` parameter of those that still live: None clears."""
    named = [{name: each[name] for name in DISCOUNT if each[name] is not None} for each in discounts]
    return [each for each in named if "discount" not in each or account.get("discount", each["discount"])] or None


def _swap_at_renewal(account: Account, sub: Obj, params: dict[str, Any]) -> None:
    draft = Draft.of(account, sub)
    before = {_interval(draft, item) for item in draft.items}
    leaving = {each["id"] for each in params["items"] if each.get("deleted")}
    bill_usage(draft, [item for item in draft.items if item["id"] in leaving])
    change_items(draft, params["items"])
    set_discounts(draft, draft.sub, params["discounts"])
    assign_settings(draft, params)
    if {_interval(draft, item) for item in draft.items} != before:
        draft.sub["billing_cycle_anchor"] = draft.now
    for item in draft.items:
        if item["current_period_end"] == 0:
            item["current_period_start"] = item["current_period_end"] = draft.now
    draft.commit()
    keep_waiting(draft)


def _interval(draft: Draft, item: Obj) -> tuple[str, int]:
    recurring = draft.price(item)["recurring"]
    return recurring["interval"], recurring["interval_count"]
