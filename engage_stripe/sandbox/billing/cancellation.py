"""The end of a subscription: https://docs.stripe.com/billing/subscriptions/cancel."""

from __future__ import annotations

from engage_stripe.sandbox.billing import collecting, invoices, schedules
from engage_stripe.sandbox.billing.charges import bill_usage, credit_unused
from engage_stripe.sandbox.billing.draft import Draft
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.state import Account

PAYMENT_FAILED = "payment_failed"
REQUESTED = "cancellation_requested"


def cancel(account: Account, sub: Obj, *, reason: str, prorate: bool = False, invoice_now: bool = False) -> Obj:
    """End a subscription now; emits `customer.subscription.deleted`.

    `prorate` credits unused time, `invoice_now` bills what waits; both off by default, as at Stripe.
    """
    draft = Draft.of(account, sub)
    if prorate and sub["status"] in ("active", "past_due", "unpaid"):
        for item in draft.items:
            credit_unused(draft, item, draft.now)
    if invoice_now:
        bill_usage(draft, [item for item in draft.items if item["current_period_end"] > draft.now])
    if invoice_now and (draft.lines or sub["_waiting"]):
        _bill(draft, sub)
    elif draft.lines:
        invoices.keep_waiting(draft)
    end(account, sub, draft.now, reason=reason)
    return sub


def end(account: Account, sub: Obj, now: int, *, reason: str | None, collect: bool = False) -> None:
    """Status `canceled`; open invoices stop being collected unless `collect`."""
    sub["cancellation_details"] = sub["cancellation_details"] | {"reason": reason}
    sub |= {"ended_at": now, "pending_update": None, "_pending": {}, "status": "canceled"}
    sub["canceled_at"] = sub["canceled_at"] or now
    schedules.forget(account, sub, now)
    if not collect:
        for id in sub["_open_invoices"]:
            account.find("invoice", id).update(auto_advance=False, next_payment_attempt=None)
        sub["_open_invoices"] = []
    account.emit("customer.subscription.deleted", sub)


def cancel_all(account: Account, customer: str) -> None:
    """A deleted customer's subscriptions end at once: https://docs.stripe.com/api/customers/delete."""
    for sub in account.collection("subscription").of_customer(customer):
        if sub["status"] not in ("canceled", "incomplete_expired"):
            end(account, sub, account.now(customer), reason=REQUESTED)


def _bill(draft: Draft, sub: Obj) -> None:
    account = draft.account
    invoice = invoices.new_invoice(draft, "subscription_update")
    collecting.open_and_charge(account, sub, invoice, draft.now)
