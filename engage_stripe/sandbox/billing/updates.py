"""Changes to a subscription: https://docs.stripe.com/api/subscriptions/update."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from engage_stripe.sandbox.billing import collecting, invoices, pending
from engage_stripe.sandbox.billing.cards import PaymentOutcome
from engage_stripe.sandbox.billing.discounts import set_discounts
from engage_stripe.sandbox.billing.draft import Draft
from engage_stripe.sandbox.billing.items import change_items
from engage_stripe.sandbox.billing.payment import payment_error
from engage_stripe.sandbox.billing.settings import assign_settings, set_cancellation
from engage_stripe.sandbox.billing.switching import bill_change
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import invalid
from engage_stripe.sandbox.state import Account

ENDED = ("canceled", "incomplete_expired")
_CANCELLATION = ("cancel_at", "cancel_at_period_end")
_BILLING = frozenset({"items", "trial_end", "billing_cycle_anchor", "add_invoice_items", "proration_date"})


def update_subscription(account: Account, sub: Obj, params: dict[str, Any], *, by_schedule: bool = False) -> Obj:
    """Change a stored subscription, invoice and charge as `payment_behavior` says.

    `error_if_incomplete` answers 402 and changes nothing; `pending_if_incomplete` keeps the change waiting; a
    schedule's change happens whether or not it can be paid.
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
    outcome = _expected(draft, invoice, behavior, by_schedule=by_schedule)
    return _settle(draft, sub, invoice, outcome, params)


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
        bill_change(draft, sub, params)
    return draft


def _expected(draft: Draft, invoice: Obj, behavior: str, *, by_schedule: bool) -> PaymentOutcome | None:
    """How charging the invoice would end; None when nothing is charged now."""
    if invoice["collection_method"] != "charge_automatically" or behavior == "default_incomplete":
        return None
    return collecting.expected_outcome(draft, invoice, needs_method=not by_schedule)


def _settle(draft: Draft, sub: Obj, invoice: Obj, outcome: PaymentOutcome | None, params: dict[str, Any]) -> Obj:
    account, behavior = draft.account, params.get("payment_behavior", "allow_incomplete")
    failing = outcome is not None and outcome.status != "succeeded"
    if failing and outcome and behavior == "error_if_incomplete":
        raise payment_error(outcome, "subscription")
    _replace_pending(draft, sub, params)
    if failing and behavior == "pending_if_incomplete":
        pending.hold(draft, sub, invoice, frozenset(params))
        collecting.open_and_charge(account, sub, invoice, draft.now)
        return sub
    automatic = invoice["collection_method"] == "charge_automatically"
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
