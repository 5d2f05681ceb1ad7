"""Changes to a subscription: https://docs.stripe.com/api/subscriptions/update."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from engage_stripe.sandbox.billing import collecting, cycles, invoices, pending
from engage_stripe.sandbox.billing.amounts import is_free
from engage_stripe.sandbox.billing.charges import bill_periods, credit_unused, debit_remaining
from engage_stripe.sandbox.billing.cuts import cut_periods
from engage_stripe.sandbox.billing.discounts import set_discounts
from engage_stripe.sandbox.billing.draft import Draft
from engage_stripe.sandbox.billing.extras import add_invoice_items
from engage_stripe.sandbox.billing.items import change_items
from engage_stripe.sandbox.billing.payment import payment_error
from engage_stripe.sandbox.billing.settings import assign_settings, set_cancellation
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import invalid
from engage_stripe.sandbox.state import Account

ENDED = ("canceled", "incomplete_expired")
_CANCELLATION = ("cancel_at", "cancel_at_period_end")
_BILLING = frozenset({"items", "trial_end", "billing_cycle_anchor", "add_invoice_items", "proration_date"})


def update_subscription(account: Account, sub: Obj, params: dict[str, Any]) -> Obj:
    """Change a stored subscription, invoice and charge as `payment_behavior` says.

    `error_if_incomplete` answers 402 and changes nothing; `pending_if_incomplete` keeps the change waiting.
    https://docs.stripe.com/billing/subscriptions/pending-updates
    """
    _check_allowed(sub, params)
    behavior = params.get("payment_behavior", "allow_incomplete")
    if behavior == "pending_if_incomplete":
        pending.check_supported(sub, params)
    draft = draft_update(account, sub, params)
    invoice = invoices.new_invoice(draft, "subscription_update") if draft.bill_now else None
    if invoice is None:
        _replace_pending(draft, sub, params)
        stored = draft.commit()
        invoices.keep_waiting(draft)
        return stored
    return _settle(draft, sub, invoice, behavior, frozenset(params))


def draft_update(account: Account, sub: Obj, params: dict[str, Any]) -> Draft:
    """Everything an update does, without writing it: also what a preview shows."""
    draft = Draft.of(account, sub)
    if "items" in params:
        change_items(draft, params["items"] or [])
    if "discounts" in params:
        set_discounts(draft, draft.sub, params["discounts"])
    assign_settings(draft, params)
    if sub["status"] in ENDED:
        set_cancellation(draft, params)
    else:
        _bill(draft, sub, params)
    return draft


def _bill(draft: Draft, sub: Obj, params: dict[str, Any]) -> None:
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


def _settle(draft: Draft, sub: Obj, invoice: Obj, behavior: str, changed: frozenset[str]) -> Obj:
    account = draft.account
    automatic = invoice["collection_method"] == "charge_automatically"
    charged = automatic and behavior != "default_incomplete"
    outcome = collecting.expected_outcome(draft, invoice) if charged else None
    failing = outcome is not None and outcome.status != "succeeded"
    if failing and outcome and behavior == "error_if_incomplete":
        raise payment_error(outcome, "subscription")
    _replace_pending(draft, sub, changed)
    if failing and behavior == "pending_if_incomplete":
        pending.hold(draft, sub, invoice, changed)
        collecting.open_invoice(account, sub, invoice, draft.now)
        collecting.attempt(account, invoice, draft.now)
        return sub
    unconfirmed = automatic and behavior == "default_incomplete" and invoice["total"] > 0
    if draft.sub["status"] == "active" and (failing or unconfirmed):
        draft.sub["status"] = "past_due"
    draft.sub["latest_invoice"] = invoice["id"]
    stored = draft.commit()
    collecting.open_invoice(account, stored, invoice, draft.now)
    if outcome is not None:
        collecting.attempt(account, invoice, draft.now)
    return stored


def _replace_pending(draft: Draft, sub: Obj, changed: Container[str]) -> None:
    """A change of what a pending update is about takes its place."""
    if any(name in changed for name in pending.REPLACED_BY):
        pending.discard(draft.account, sub, draft.now)
        draft.sub["pending_update"] = None


def _check_allowed(sub: Obj, params: dict[str, Any]) -> None:
    given = {name for name in params if name != "expand"}
    if sub["status"] in ENDED and given - {"cancellation_details", "metadata"}:
        raise invalid("A canceled subscription can only update its cancellation_details and metadata.")
    if sub["status"] == "incomplete" and given & _BILLING:
        raise invalid(
            "This subscription's first invoice is still incomplete; its billing cannot be changed until that "
            "invoice is paid."
        )
    if sub["schedule"] and given & set(_CANCELLATION):
        raise managed_by_schedule(sub)


def managed_by_schedule(sub: Obj) -> Exception:
    """https://docs.stripe.com/billing/subscriptions/subscription-schedules."""
    return invalid(
        f"The subscription is managed by the subscription schedule `{sub['schedule']}`, and updating any "
        "cancelation behavior directly is not allowed. Please update the schedule instead."
    )


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
