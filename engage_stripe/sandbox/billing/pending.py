"""Pending updates: a change that waits for its invoice to be paid.

https://docs.stripe.com/billing/subscriptions/pending-updates
"""

from __future__ import annotations

from typing import Any

from engage_stripe.sandbox.billing import invoices
from engage_stripe.sandbox.billing.draft import Draft, items_of
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import invalid
from engage_stripe.sandbox.state import Account

MAX_SECONDS = 23 * 3600
YEAR = 365 * 24 * 3600
RESUMED = "customer.subscription.resumed"
_PLAIN = ("items", "removed", "dropped", "minted")
SUPPORTED = (
    "add_invoice_items",
    "billing_cycle_anchor",
    "discounts",
    "expand",
    "items",
    "metadata",
    "off_session",
    "payment_behavior",
    "proration_behavior",
    "proration_date",
    "trial_end",
    "trial_from_plan",
)


REPLACED_BY = ("add_invoice_items", "billing_cycle_anchor", "discounts", "items", "trial_end")


def check_supported(sub: Obj, params: dict[str, Any]) -> None:
    """StripeError 400 for what a pending update cannot carry."""
    if sub["collection_method"] == "send_invoice":
        raise invalid(
            "`payment_behavior=pending_if_incomplete` is only supported when "
            "`collection_method=charge_automatically`.",
            param="payment_behavior",
        )
    for name in params:
        if name not in SUPPORTED:
            raise invalid(
                f"You may not pass `{name}` when `payment_behavior` is set to `pending_if_incomplete`.",
                param=name,
            )


def hold(draft: Draft, stored: Obj, invoice: Obj, changed: frozenset[str]) -> None:
    """Leave the subscription as it is and remember the draft until the invoice is paid."""
    account = draft.account
    with account.changing(stored, "customer.subscription.updated"):
        stored["_pending"] = _kept(draft, invoice, "customer.subscription.pending_update_applied")
        stored["pending_update"] = {
            "billing_cycle_anchor": _given(draft.sub, "billing_cycle_anchor", changed),
            "discount": None,
            "discounts": _given(draft.sub, "discounts", changed),
            "expires_at": stored["_pending"]["expires_at"],
            "metadata": _given(draft.sub, "metadata", changed),
            "subscription_items": draft.items if "items" in changed else None,
            "trial_end": _given(draft.sub, "trial_end", changed),
            "trial_from_plan": None,
        }


def hold_resume(draft: Draft, stored: Obj, invoice: Obj, *, on_attempt: bool) -> None:
    """Stay paused until the resumption invoice is paid, or `on_attempt` until somebody has tried to.

    https://docs.stripe.com/billing/subscriptions/pause#payment-behavior has how long.
    """
    held = _kept(draft, invoice, RESUMED)
    lasts = MAX_SECONDS if on_attempt else YEAR
    stored["_pending"] = held | {"on_attempt": on_attempt, "expires_at": draft.now + lasts}


def resume_unpaid(account: Account, sub: Obj, invoice: Obj) -> None:
    """The resumption was tried to be paid in vain, or its invoice given up: go on without."""
    held = sub["_pending"]
    if held and held["event"] == RESUMED and held["invoice"] == invoice["id"]:
        apply_if_paid(account, sub, invoice)


def apply_if_paid(account: Account, sub: Obj, invoice: Obj) -> None:
    """Carry out the change that waited for this invoice."""
    held = sub["_pending"]
    if not held or held["invoice"] != invoice["id"]:
        return
    draft = _restored(account, sub, held)
    sub["_pending"] = {}
    draft.sub["pending_update"] = None
    draft.commit()
    account.emit(held["event"], sub)


def discard(account: Account, sub: Obj, now: int) -> None:
    """Forget the change and void its invoice: https://docs.stripe.com/billing/subscriptions/pending-updates."""
    held = sub["_pending"]
    if not held:
        return
    was_update = sub["pending_update"] is not None
    with account.changing(sub, "customer.subscription.updated"):
        sub |= {"_pending": {}, "pending_update": None}
    if was_update:
        account.emit("customer.subscription.pending_update_expired", sub)
    invoice = account.find("invoice", held["invoice"])
    sub["_open_invoices"] = [id for id in sub["_open_invoices"] if id != invoice["id"]]
    if invoice["status"] == "open":
        invoices.void(account, invoice, now)


def _kept(draft: Draft, invoice: Obj, event: str) -> Obj:
    """The draft as plain data, so that a snapshot can hold it."""
    for price in draft.new_prices.values():
        draft.account.add(price)
        draft.account.emit("price.created", price)
    stored = draft.account.find("subscription", draft.sub["id"])
    ends = [item["current_period_end"] for item in items_of(draft.account, stored)]
    running = [end for end in ends if end > draft.now]
    return {
        "event": event,
        "expires_at": min([draft.now + MAX_SECONDS, *running]),
        "invoice": invoice["id"],
        "changes": {name: value for name, value in draft.sub.items() if stored.get(name) != value},
        "redeemed": [[counted["object"], counted["id"]] for counted in draft.redeemed],
        **{name: getattr(draft, name) for name in _PLAIN},
    }


def _restored(account: Account, sub: Obj, held: Obj) -> Draft:
    counted = [account.get(type, id) for type, id in held["redeemed"]]
    draft = Draft.of(account, sub)
    draft.sub |= held["changes"]
    draft.redeemed = [each for each in counted if each is not None]
    for name in _PLAIN:
        setattr(draft, name, held[name])
    return draft


def _given(sub: Obj, name: str, changed: frozenset[str]) -> Any:
    return sub[name] if name in changed else None
