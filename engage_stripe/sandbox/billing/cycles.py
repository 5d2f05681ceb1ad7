"""Where the periods of a subscription lie: anchors, first partial periods, trials.

https://docs.stripe.com/billing/subscriptions/billing-cycle, https://docs.stripe.com/billing/subscriptions/trials
"""

from __future__ import annotations

from typing import Any

from engage_stripe.sandbox.billing.draft import Draft
from engage_stripe.sandbox.billing.periods import DAY, add_interval, anchor_from_config, period_at
from engage_stripe.sandbox.billing.proration import prorate
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import invalid

MAX_TRIAL_DAYS = 730


def start_trial(draft: Draft, params: dict[str, Any]) -> bool:
    """Put a new subscription on trial when the request wants one; whether it did."""
    end, days = params.get("trial_end"), params.get("trial_period_days")
    if end is not None and days is not None:
        raise invalid("You may only specify one of these parameters: trial_end, trial_period_days.")
    if end is None and days is None and params.get("trial_from_plan"):
        days = max(draft.price(item)["recurring"]["trial_period_days"] or 0 for item in draft.items)
    if end is None and days:
        end = draft.now + days * DAY
    if end is None or end == "now":
        return False
    set_trial(draft, end)
    return True


def set_trial(draft: Draft, end: int) -> None:
    """Trial until `end`: the billing cycle starts over there; all items' periods end there."""
    if end <= draft.now:
        raise invalid("Invalid timestamp: must be an integer Unix timestamp in the future.", param="trial_end")
    # https://docs.stripe.com/api/subscriptions/update#update_subscription-trial_end: two years from the anchor
    if end > draft.sub["billing_cycle_anchor"] + MAX_TRIAL_DAYS * DAY:
        raise invalid(
            f"Invalid timestamp: `trial_end` can be no more than {MAX_TRIAL_DAYS} days after the "
            "`billing_cycle_anchor`.",
            param="trial_end",
        )
    was_trialing = draft.sub["status"] == "trialing"
    start = draft.sub["trial_start"] if was_trialing else draft.now
    draft.sub |= {
        "billing_cycle_anchor": end,
        "status": "trialing",
        "trial_end": end,
        "trial_start": start,
        "_warned": False,
    }
    for item in draft.items:
        item["current_period_start"], item["current_period_end"] = start, end


def start_cycle(draft: Draft, params: dict[str, Any], *, trialing: bool) -> None:
    """Anchor a new subscription and set its items' first periods."""
    anchor = _anchor(draft, params)
    if trialing:
        if anchor is not None and anchor < draft.sub["trial_end"]:
            raise invalid(
                "billing_cycle_anchor cannot be before trial_end.",
                param="billing_cycle_anchor",
            )
        draft.sub["billing_cycle_anchor"] = anchor or draft.sub["trial_end"]
        return
    if anchor is not None:
        _check_anchor(draft, anchor)
        draft.sub["billing_cycle_anchor"] = anchor
    for item in draft.items:
        place_item(draft, item)


def restart_cycle(draft: Draft) -> None:
    """Anchor at this moment: every item starts a whole period now."""
    draft.sub["billing_cycle_anchor"] = draft.now
    for item in draft.items:
        place_item(draft, item)


def place_item(draft: Draft, item: Obj) -> None:
    """Set the item's period around now; before a future anchor it is cut short by the anchor."""
    recurring = draft.price(item)["recurring"]
    anchor = draft.sub["billing_cycle_anchor"]
    start, end = period_at(anchor, recurring["interval"], recurring["interval_count"], draft.now)
    if anchor > draft.now:
        start, end = draft.now, anchor
    item |= {"current_period_start": start, "current_period_end": end, "_whole_end": None}


def prorate_first_period(draft: Draft) -> None:
    """Scale the lines of a first period that an anchor in the future cuts short.

    https://docs.stripe.com/billing/subscriptions/billing-cycle#new-subscriptions
    """
    anchor = draft.sub["billing_cycle_anchor"]
    by_item = {item["id"]: item for item in draft.items}
    for line in draft.lines:
        item = by_item.get(line.item or "")
        if item is None or not item["_debits"]:
            continue
        recurring = draft.price(item)["recurring"]
        whole = add_interval(anchor, recurring["interval"], -recurring["interval_count"])
        line.amount = prorate(line.amount, whole, anchor, draft.now)
        line.taken = {key: prorate(taken, whole, anchor, draft.now) for key, taken in line.taken.items()}
        item["_debits"] = [{**item["_debits"][0], "amount": line.amount, "discounts": dict(line.taken)}]


def _anchor(draft: Draft, params: dict[str, Any]) -> int | None:
    config = params.get("billing_cycle_anchor_config")
    given = params.get("billing_cycle_anchor")
    if config is not None and given is not None:
        raise invalid(
            "You may only specify one of these parameters: billing_cycle_anchor, billing_cycle_anchor_config."
        )
    if config is None:
        return given
    names = ("day_of_month", "hour", "minute", "month", "second")
    draft.sub["billing_cycle_anchor_config"] = whole = {name: config.get(name) for name in names}
    return anchor_from_config(whole, draft.now)


def _check_anchor(draft: Draft, anchor: int) -> None:
    if anchor < draft.now:
        raise invalid("billing_cycle_anchor must be in the future.", param="billing_cycle_anchor")
    natural = min(
        add_interval(draft.now, recurring["interval"], recurring["interval_count"])
        for recurring in (draft.price(item)["recurring"] for item in draft.items)
    )
    if anchor > natural:
        raise invalid(
            f"billing_cycle_anchor cannot be later than next natural billing date ({natural}) for plan",
            param="billing_cycle_anchor",
        )
