"""What a change of a subscription bills: prorations, new cycles, trials.

https://docs.stripe.com/billing/subscriptions/change-price
"""

from __future__ import annotations

from typing import Any

from engage_stripe.sandbox.billing import cycles
from engage_stripe.sandbox.billing.amounts import is_free
from engage_stripe.sandbox.billing.charges import bill_periods, credit_unused, debit_remaining
from engage_stripe.sandbox.billing.cuts import cut_periods
from engage_stripe.sandbox.billing.draft import Draft
from engage_stripe.sandbox.billing.extras import add_invoice_items
from engage_stripe.sandbox.billing.settings import set_cancellation
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import invalid


def bill_change(draft: Draft, sub: Obj, params: dict[str, Any]) -> None:
    """Place the draft's periods and add the lines that its change from the stored `sub` makes."""
    before = Draft.of(draft.account, sub)
    behavior = params.get("proration_behavior", "create_prorations")
    at = _proration_date(before, params)
    trial = _set_trial(draft, params)
    reset = _restarts(before, draft, params)
    charged = sub["status"] not in ("trialing", "paused", "incomplete")
    if reset:
        cycles.restart_cycle(draft)
    else:
        _place_changed(before, draft, trial=trial)
    if behavior != "none" and charged:
        _credit(before, draft, at, whole=reset or trial)
    if reset or trial:
        bill_periods(draft, draft.items, trial=trial)
    elif behavior != "none" and charged:
        debit_remaining(draft, _changed(before, draft), at)
    add_invoice_items(draft, params.get("add_invoice_items") or [])
    set_cancellation(draft, params)
    cut_periods(draft, prorate=behavior != "none")
    draft.bill_now = reset or trial or (behavior == "always_invoice" and bool(draft.lines))


def _proration_date(before: Draft, params: dict[str, Any]) -> int:
    at = params.get("proration_date")
    if at is None:
        return before.now
    start = min(item["current_period_start"] for item in before.items)
    end = max(item["current_period_end"] for item in before.items)
    if not start <= at <= end:
        raise invalid(
            "Invalid proration_date: it must be within the subscription's current period.",
            param="proration_date",
        )
    return int(at)


def _set_trial(draft: Draft, params: dict[str, Any]) -> bool:
    """Whether the update starts or moves a trial."""
    end = params.get("trial_end")
    if end is None or end == "now" or end == draft.sub["trial_end"]:
        return False
    cycles.set_trial(draft, end)
    return True


def _restarts(before: Draft, draft: Draft, params: dict[str, Any]) -> bool:
    """Whether a new billing cycle starts now: asked for, trial ended, interval changed, free to paid.

    https://docs.stripe.com/billing/subscriptions/change-price
    """
    if params.get("trial_end") == "now" and draft.sub["status"] == "trialing":
        draft.sub |= {"status": "active", "trial_end": draft.now}
        return True
    anchor = (params.get("billing_cycle_anchor") or {}).get("type")
    if draft.sub["status"] == "trialing":
        if anchor == "now":
            raise invalid(
                "billing_cycle_anchor cannot be before trial_end.",
                param="billing_cycle_anchor",
                code="subscription_update_trial_after_billing_cycle_anchor",
            )
        return False
    if "items" not in params or draft.sub["status"] == "paused":
        return anchor == "now"
    was_free = all(is_free(before.price(item)) for item in before.items)
    paid_now = not all(is_free(draft.price(item)) for item in draft.items)
    return anchor == "now" or (was_free and paid_now) or _interval_changed(before, draft)


def _interval_changed(before: Draft, draft: Draft) -> bool:
    for old in before.items:
        new = draft.item(old["id"])
        if new and _interval(before, old) != _interval(draft, new):
            return True
    return False


def _interval(draft: Draft, item: Obj) -> tuple[str, int]:
    recurring = draft.price(item)["recurring"]
    return recurring["interval"], recurring["interval_count"]


def _place_changed(before: Draft, draft: Draft, *, trial: bool) -> None:
    for item in draft.items:
        if before.item(item["id"]) is not None:
            continue
        if trial or draft.sub["status"] == "trialing":
            item["current_period_start"] = draft.sub["trial_start"]
            item["current_period_end"] = draft.sub["trial_end"]
        else:
            cycles.place_item(draft, item)


def _credit(before: Draft, draft: Draft, at: int, *, whole: bool) -> None:
    changed = {item["id"] for item in _changed(before, draft)}
    for old in before.items:
        new = draft.item(old["id"])
        if new is None or whole or old["id"] in changed:
            credit_unused(before, old, at)
            if new is not None:
                new["_debits"] = old["_debits"]
    draft.lines += before.lines


def _changed(before: Draft, draft: Draft) -> list[Obj]:
    """Items of the draft that are new or have another price or quantity."""
    changed = []
    for item in draft.items:
        old = before.item(item["id"])
        same = old and old["price"] == item["price"] and old.get("quantity") == item.get("quantity")
        if not same:
            changed.append(item)
    return changed
