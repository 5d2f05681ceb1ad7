"""Steps of a subscription's life that time takes: renewals, trial ends, retries, planned ends.

https://docs.stripe.com/billing/subscriptions/overview
"""

from __future__ import annotations

from engage_stripe.sandbox.billing import cancellation, collecting, cycles, dunning, invoices
from engage_stripe.sandbox.billing.charges import bill_periods, bill_usage
from engage_stripe.sandbox.billing.cuts import cut_periods
from engage_stripe.sandbox.billing.draft import Draft, items_of
from engage_stripe.sandbox.billing.payment import payment_method_of
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.state import Account


def renew(account: Account, sub: Obj) -> None:
    """Bill the items whose period ends now: their usage so far, their next period in advance."""
    draft = Draft.of(account, sub)
    due = [item for item in draft.items if item["current_period_end"] <= draft.now]
    started = min(item["current_period_start"] for item in due)
    bill_usage(draft, due)
    for item in due:
        cycles.place_item(draft, item)
    bill_periods(draft, due)
    cut_periods(draft, prorate=True)
    _bill_cycle(draft, started)


def end_trial(account: Account, sub: Obj) -> None:
    """The first paid period starts, usage so far was free; without a payment method `trial_settings` decides.

    https://docs.stripe.com/billing/subscriptions/trials#create-free-trials-without-payment
    """
    customer = account.find("customer", sub["customer"])
    automatic = sub["collection_method"] == "charge_automatically"
    missing = automatic and payment_method_of(account, sub, customer) is None
    wanted = sub["trial_settings"]["end_behavior"]["missing_payment_method"]
    if missing and wanted == "cancel":
        cancellation.end(account, sub, account.now(customer["id"]), reason=None)
        return
    if missing and wanted == "pause":
        pause(account, sub, "trial_end_without_payment_method")
        return
    draft = Draft.of(account, sub)
    started = min(item["current_period_start"] for item in draft.items)
    draft.sub["status"] = "active"
    for item in draft.items:
        cycles.place_item(draft, item)
    bill_periods(draft, draft.items)
    if draft.sub["billing_cycle_anchor"] > draft.now:
        cycles.prorate_first_period(draft)
    _bill_cycle(draft, started)


def pause(account: Account, sub: Obj, reason: str) -> None:
    """Status `paused`: https://docs.stripe.com/api/subscriptions/pause."""
    with account.changing(sub, "customer.subscription.updated"):
        sub["status"] = "paused"
        sub["status_details"] = {
            "paused": {
                "subscription": {"type": reason},
                "transitioned_at": account.now(sub["customer"]),
                "type": "subscription",
            }
        }
    account.emit("customer.subscription.paused", sub)


def finalize_drafts(account: Account, sub: Obj) -> None:
    """Open the renewal invoices that were drafts for an hour, and charge them."""
    now = account.now(sub["customer"])
    for id in list(sub["_open_invoices"]):
        invoice = account.find("invoice", id)
        due = invoice["status"] == "draft" and invoice["auto_advance"]
        if not due or invoice["automatically_finalizes_at"] > now:
            continue
        collecting.finalize_draft(account, invoice, now)
        if invoice["status"] == "open" and invoice["collection_method"] == "charge_automatically":
            collecting.attempt(account, invoice, now)


def retry(account: Account, sub: Obj) -> None:
    """Charge failed invoices again; after the last failure the account's setting decides."""
    now = account.now(sub["customer"])
    for id in list(sub["_open_invoices"]):
        invoice = account.find("invoice", id)
        if invoice["next_payment_attempt"] is None or invoice["next_payment_attempt"] > now:
            continue
        collecting.attempt(account, invoice, now)
        if invoice["status"] == "open" and dunning.is_exhausted(invoice):
            _give_up(account, sub, now)


def mark_overdue(account: Account, sub: Obj) -> None:
    """An invoice that was sent is not paid by its due date: https://docs.stripe.com/billing/collection-method."""
    now = account.now(sub["customer"])
    for id in sub["_open_invoices"]:
        invoice = account.find("invoice", id)
        if invoice["due_date"] is None or invoice["due_date"] > now or invoice["_overdue"]:
            continue
        invoice["_overdue"] = True
        account.emit("invoice.overdue", invoice)
        if sub["status"] == "active":
            with account.changing(sub, "customer.subscription.updated"):
                sub["status"] = "past_due"


def expire_incomplete(account: Account, sub: Obj) -> None:
    """The first payment did not come within 23 hours."""
    collecting.expire(account, sub, account.now(sub["customer"]))


def cancel_as_planned(account: Account, sub: Obj) -> None:
    """`cancel_at` has come; what is metered or waits is billed once more.

    https://docs.stripe.com/billing/subscriptions/cancel#usage-based-billing
    """
    now = account.now(sub["customer"])
    draft = Draft.of(account, sub)
    if sub["status"] != "trialing":
        bill_usage(draft, draft.items)
    if draft.lines or sub["_waiting"]:
        collecting.keep_draft(account, sub, invoices.new_invoice(draft, "subscription_cycle"))
    cancellation.end(account, sub, now, reason=cancellation.REQUESTED, collect=True)


def resume_collection(account: Account, sub: Obj) -> None:
    """https://docs.stripe.com/billing/subscriptions/pause-payment."""
    with account.changing(sub, "customer.subscription.updated"):
        sub["pause_collection"] = None


def discount_ids(account: Account, sub: Obj) -> list[str]:
    """The discounts on a subscription and its items."""
    return [*sub["discounts"], *(id for item in items_of(account, sub) for id in item["discounts"])]


def expire_discounts(account: Account, sub: Obj) -> None:
    """Drop the discounts whose months are over."""
    now = account.now(sub["customer"])
    over = {
        id
        for id in discount_ids(account, sub)
        if (end := account.find("discount", id)["end"]) is not None and end <= now
    }
    collecting.drop_discounts(account, sub, over)


def _bill_cycle(draft: Draft, started: int) -> None:
    account = draft.account
    invoice = invoices.new_invoice(draft, "subscription_cycle")
    invoice |= {"period_start": started, "period_end": draft.now}
    draft.sub["latest_invoice"] = invoice["id"]
    stored = draft.commit()
    collecting.keep_draft(account, stored, invoice)
    paused = (stored["pause_collection"] or {}).get("behavior")
    if stored["status"] == "unpaid" or paused == "keep_as_draft":
        invoice |= {"auto_advance": False, "automatically_finalizes_at": None}
    elif paused == "void":
        invoices.finalize(account, invoice, draft.now)
        collecting.voided(account, invoice, draft.now)
    elif paused == "mark_uncollectible":
        invoices.finalize(account, invoice, draft.now)
        collecting.uncollectible(account, invoice, draft.now)


def _give_up(account: Account, sub: Obj, now: int) -> None:
    if account.after_dunning == "cancel":
        cancellation.end(account, sub, now, reason=cancellation.PAYMENT_FAILED)
    elif account.after_dunning == "unpaid":
        with account.changing(sub, "customer.subscription.updated"):
            sub["status"] = "unpaid"
