"""Charging an invoice, and what its payment means for the subscription.

https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses
"""

from __future__ import annotations

from engage_stripe.sandbox.billing import dunning, invoices, pending
from engage_stripe.sandbox.billing.cards import CARD_DECLINED, PaymentOutcome
from engage_stripe.sandbox.billing.customer_discounts import drop_from_customer
from engage_stripe.sandbox.billing.draft import Draft, items_of
from engage_stripe.sandbox.billing.payment import (
    no_payment_method,
    outcome_of,
    payment_method_of,
    set_delinquent,
)
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.state import Account


def expected_outcome(draft: Draft, invoice: Obj, *, needs_method: bool = True) -> PaymentOutcome | None:
    """How charging a new invoice would end; None when there is nothing to charge.

    StripeError 400 when something is due and the customer has nothing to pay with, unless that only counts
    as a refusal (`needs_method=False`).
    """
    account = draft.account
    customer = account.find("customer", invoice["customer"])
    due, _ = invoices.balance_after(invoice, customer["balance"])
    if due == 0 or invoice["collection_method"] == "send_invoice":
        return None
    method = payment_method_of(account, draft.sub, customer)
    if method is None and needs_method:
        raise no_payment_method()
    if method is None:
        return CARD_DECLINED
    return outcome_of(account, method)


def open_invoice(account: Account, sub: Obj, invoice: Obj, now: int) -> None:
    """Store and finalize an invoice that is due at once; nothing due means paid.

    https://docs.stripe.com/billing/invoices/subscription#sending-invoices: one to be sent stays a draft.
    """
    keep_draft(account, sub, invoice)
    if invoice["collection_method"] == "send_invoice" and invoice["total"] > 0:
        return
    invoices.finalize(account, invoice, now)
    if invoice["amount_due"] == 0:
        paid(account, invoice, now)


def open_and_charge(account: Account, sub: Obj, invoice: Obj, now: int) -> None:
    """Open an invoice that is due at once and charge it when it is collected automatically."""
    open_invoice(account, sub, invoice, now)
    if invoice["status"] == "open" and invoice["collection_method"] == "charge_automatically":
        attempt(account, invoice, now)


def keep_draft(account: Account, sub: Obj, invoice: Obj) -> None:
    """Store a draft invoice, leave it to the clock, and use up the discounts that apply once."""
    invoices.store(account, sub, invoice)
    sub["latest_invoice"] = invoice["id"]
    sub["_open_invoices"].append(invoice["id"])
    used = {each["discount"] for each in invoice["total_discount_amounts"] if each["amount"] > 0}
    spent = {id for id in used if _applies_once(account, id)}
    drop_discounts(account, sub, spent)


def drop_discounts(account: Account, sub: Obj, ids: set[str]) -> None:
    """Remove discounts from a subscription, its items and its customer."""
    if not ids:
        return
    with account.changing(sub, "customer.subscription.updated"):
        for holder in (sub, *items_of(account, sub)):
            holder["discounts"] = [id for id in holder["discounts"] if id not in ids]
    drop_from_customer(account, sub["customer"], ids)
    for id in sorted(ids):
        discount = account.find("discount", id)
        account.remove(discount)
        account.emit("customer.discount.deleted", discount)


def attempt(account: Account, invoice: Obj, now: int, *, method: str | None = None) -> PaymentOutcome | None:
    """Charge an open invoice; None when there is nothing to charge it to."""
    customer = account.find("customer", invoice["customer"])
    sub = subscription_of(account, invoice)
    chosen = method or payment_method_of(account, sub, customer)
    outcome = outcome_of(account, chosen) if chosen else None
    invoice["attempt_count"] += 1
    invoice["attempted"] = True
    if outcome and outcome.status == "succeeded":
        _save_method(account, sub, chosen)
        paid(account, invoice, now)
    else:
        _failed(account, invoice, now, outcome)
    return outcome


def confirm(account: Account, invoice: Obj, now: int, *, succeeded: bool) -> None:
    """What the customer did with 3-D Secure or on the hosted page: paid an open invoice, or failed to.

    https://docs.stripe.com/billing/subscriptions/overview#requires-action
    """
    if succeeded:
        paid(account, invoice, now)
    else:
        account.emit("invoice.payment_failed", invoice)


def paid(account: Account, invoice: Obj, now: int, *, out_of_band: bool = False) -> None:
    """Mark an open invoice paid; its subscription recovers and a pending update is applied."""
    invoices.mark_paid(account, invoice, now, out_of_band=out_of_band)
    sub = subscription_of(account, invoice)
    if sub is None:
        return
    untrack(sub, invoice)
    if sub["status"] in ("incomplete", "past_due", "unpaid") and _is_latest_open(account, sub, invoice):
        with account.changing(sub, "customer.subscription.updated"):
            sub["status"] = "active"
    if not sub["_open_invoices"]:
        set_delinquent(account, account.find("customer", sub["customer"]), delinquent=False)
    pending.apply_if_paid(account, sub, invoice)


def finalize_draft(account: Account, invoice: Obj, now: int) -> None:
    """Open a draft invoice before its hour is over; nothing due means paid."""
    invoices.finalize(account, invoice, now)
    if invoice["amount_due"] == 0:
        paid(account, invoice, now)


def voided(account: Account, invoice: Obj, now: int) -> None:
    """Void an invoice: without its first one an incomplete subscription is over, a late one is late no more.

    https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses
    """
    invoices.void(account, invoice, now)
    sub = subscription_of(account, invoice)
    if sub is None:
        return
    untrack(sub, invoice)
    if sub.get("_pending", {}).get("invoice") == invoice["id"]:
        pending.discard(account, sub, now)
    elif sub["status"] == "incomplete":
        expire(account, sub, now)
    elif sub["status"] == "past_due" and sub["latest_invoice"] == invoice["id"]:
        with account.changing(sub, "customer.subscription.updated"):
            sub["status"] = "active"


def expire(account: Account, sub: Obj, now: int, *, canceled: bool = False) -> None:
    """An incomplete subscription that is never paid: its invoice is void, it is `incomplete_expired`.

    https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses
    """
    with account.changing(sub, "customer.subscription.updated"):
        for id in sub["_open_invoices"]:
            invoice = account.find("invoice", id)
            if invoice["status"] == "open":
                invoices.void(account, invoice, now)
        sub |= {"_open_invoices": [], "ended_at": now, "status": "incomplete_expired"}
        if canceled:
            sub["canceled_at"] = now


def uncollectible(account: Account, invoice: Obj, now: int) -> None:
    """https://docs.stripe.com/invoicing/overview#uncollectible: still owed, no longer tried."""
    invoice |= {"auto_advance": False, "next_payment_attempt": None, "status": "uncollectible"}
    invoice["status_transitions"]["marked_uncollectible_at"] = now
    account.emit("invoice.marked_uncollectible", invoice)
    sub = subscription_of(account, invoice)
    if sub is not None:
        untrack(sub, invoice)
        pending.resume_unpaid(account, sub, invoice)


def untrack(sub: Obj, invoice: Obj) -> None:
    """The clock has nothing more to do with the invoice."""
    sub["_open_invoices"] = [id for id in sub["_open_invoices"] if id != invoice["id"]]


def subscription_of(account: Account, invoice: Obj) -> Obj | None:
    """The subscription that an invoice bills, unless it is gone."""
    details = (invoice["parent"] or {}).get("subscription_details")
    return account.get("subscription", details["subscription"]) if details else None


def _save_method(account: Account, sub: Obj | None, method: str | None) -> None:
    """https://docs.stripe.com/api/subscriptions/create#create_subscription-payment_settings."""
    if sub is None or sub["payment_settings"]["save_default_payment_method"] != "on_subscription":
        return
    with account.changing(sub, "customer.subscription.updated"):
        sub["default_payment_method"] = method


def _applies_once(account: Account, id: str) -> bool:
    discount = account.get("discount", id)
    return discount is not None and discount["_coupon"]["duration"] == "once"


def _is_latest_open(account: Account, sub: Obj, invoice: Obj) -> bool:
    """Paying the most recent invoice revives; an older one does not.

    https://docs.stripe.com/billing/subscriptions/overview#unpaid-subscriptions
    """
    latest = account.get("invoice", sub["latest_invoice"] or "")
    return latest is None or latest["id"] == invoice["id"] or latest["status"] in ("paid", "void")


def _failed(account: Account, invoice: Obj, now: int, outcome: PaymentOutcome | None) -> None:
    sub = subscription_of(account, invoice)
    first = sub is not None and sub["status"] == "incomplete"
    held = sub.get("_pending", {}) if sub is not None else {}
    waits = held.get("invoice") == invoice["id"]
    if sub is not None and waits and held.get("on_attempt"):
        pending.resume_unpaid(account, sub, invoice)
        with account.changing(sub, "customer.subscription.updated"):
            sub["status"] = "past_due"
    if not first and not waits:
        dunning.plan_retry(invoice, now)
    account.emit("invoice.payment_failed", invoice)
    if outcome and outcome.status == "requires_action":
        account.emit("invoice.payment_action_required", invoice)
    if sub is None or first or waits:
        return
    set_delinquent(account, account.find("customer", invoice["customer"]), delinquent=True)
    if sub["status"] == "active":
        with account.changing(sub, "customer.subscription.updated"):
            sub["status"] = "past_due"
