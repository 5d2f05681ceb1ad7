"""Pausing and resuming a subscription: https://docs.stripe.com/api/subscriptions/pause, …/resume."""

from __future__ import annotations

from typing import Any

from engage_stripe.sandbox.billing import collecting, cycles, invoices, pending, renewals
from engage_stripe.sandbox.billing.charges import bill_periods, bill_usage, credit_unused, debit_remaining
from engage_stripe.sandbox.billing.draft import Draft
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import invalid
from engage_stripe.sandbox.state import Account

# https://docs.stripe.com/billing/subscriptions/pause: not on trial, and not where invoices are sent
PAUSABLE = ("active", "past_due", "unpaid")


def pause_subscription(account: Account, sub: Obj, params: dict[str, Any]) -> Obj:
    """Stop billing: unused time is credited and usage billed as `bill_for` says."""
    draft = draft_pause(account, sub, params)
    invoice = invoices.new_invoice(draft, "subscription_update") if draft.bill_now else None
    stored = draft.commit()
    if invoice is None:
        invoices.keep_waiting(draft)
    else:
        collecting.open_and_charge(account, stored, invoice, draft.now)
    renewals.pause(account, stored, "pause_requested")
    return stored


def draft_pause(account: Account, sub: Obj, params: dict[str, Any]) -> Draft:
    """What pausing bills, at once with `invoicing_behavior=invoice`."""
    _check_pausable(sub)
    draft = Draft.of(account, sub)
    bill_for = params.get("bill_for") or {}
    usage = (bill_for.get("outstanding_usage_through") or {}).get("type", "now")
    unused = (bill_for.get("unused_time_from") or {}).get("type", "now")
    if usage == "now":
        bill_usage(draft, draft.items)
    for item in draft.items if unused != "none" else ():
        credit_unused(draft, item, draft.now if unused == "now" else item["current_period_start"])
    for item in draft.items:
        item["current_period_end"] = min(draft.now, item["current_period_end"])
    draft.bill_now = bool(draft.lines) and params.get("invoicing_behavior") == "invoice"
    return draft


def resume_subscription(account: Account, sub: Obj, params: dict[str, Any]) -> Obj:
    """Start billing again: a new period now, or what is left of the running one when `unchanged`.

    Where something is due, the subscription stays paused until it is paid. Only `resume_on_payment_success` charges;
    otherwise the invoice waits for somebody to pay it. https://docs.stripe.com/billing/subscriptions/pause#resume
    """
    if sub["status"] != "paused":
        raise invalid(f"You can only resume a subscription whose status is paused; this one is {sub['status']}.")
    if sub["collection_method"] != "charge_automatically":
        raise invalid("You can only resume a subscription that is charged automatically.")
    is_flexible = sub["billing_mode"]["type"] == "flexible"
    if params.get("payment_behavior") == "resume_on_payment_success" and not is_flexible:
        raise invalid("`resume_on_payment_success` needs flexible billing mode.", param="payment_behavior")
    draft = draft_resume(account, sub, params)
    if not draft.bill_now:
        stored = draft.commit()
        invoices.keep_waiting(draft)
        account.emit("customer.subscription.resumed", stored)
        return stored
    invoice = invoices.new_invoice(draft, "subscription_update")
    outcome = collecting.expected_outcome(draft, invoice)
    charges = params.get("payment_behavior") == "resume_on_payment_success"
    if outcome is not None and not (charges and outcome.status == "succeeded"):
        pending.hold_resume(draft, sub, invoice, on_attempt=not charges)
        collecting.open_invoice(account, sub, invoice, draft.now)
        if charges:
            collecting.attempt(account, invoice, draft.now)
        return sub
    stored = draft.commit()
    account.emit("customer.subscription.resumed", stored)
    collecting.open_and_charge(account, stored, invoice, draft.now)
    return stored


def draft_resume(account: Account, sub: Obj, params: dict[str, Any]) -> Draft:
    """The subscription as it resumes, with its lines."""
    draft = Draft.of(account, sub)
    draft.sub |= {"status": "active", "status_details": None}
    behavior = params.get("proration_behavior", "create_prorations")
    if (params.get("billing_cycle_anchor") or {}).get("type") != "unchanged":
        cycles.restart_cycle(draft)
        bill_periods(draft, draft.items)
        draft.bill_now = True
        return draft
    for item in draft.items:
        cycles.place_item(draft, item)
    if behavior != "none":
        debit_remaining(draft, draft.items, params.get("proration_date", draft.now))
    draft.bill_now = behavior == "always_invoice" and bool(draft.lines)
    return draft


def _check_pausable(sub: Obj) -> None:
    if sub["billing_mode"]["type"] != "flexible":
        raise invalid("You can only pause a subscription whose billing mode is flexible.")
    if sub["collection_method"] != "charge_automatically":
        raise invalid("You can only pause a subscription that is charged automatically.")
    if sub["schedule"]:
        raise invalid(f"You cannot pause a subscription that is managed by a schedule: `{sub['schedule']}`.")
    if sub["status"] not in PAUSABLE:
        raise invalid(f"You cannot pause a subscription whose status is {sub['status']}.")
