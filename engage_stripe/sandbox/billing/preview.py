"""Previews of invoices: https://docs.stripe.com/api/invoices/create_preview."""

from __future__ import annotations

from typing import Any

from engage_stripe.sandbox.billing import cycles, invoices
from engage_stripe.sandbox.billing.blanks import DRAFT_SECONDS
from engage_stripe.sandbox.billing.charges import bill_periods, bill_usage, credit_unused
from engage_stripe.sandbox.billing.creation import draft_subscription
from engage_stripe.sandbox.billing.cuts import cut_periods
from engage_stripe.sandbox.billing.draft import Draft
from engage_stripe.sandbox.billing.pausing import draft_pause, draft_resume
from engage_stripe.sandbox.billing.updates import ENDED, draft_update
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import StripeError, invalid
from engage_stripe.sandbox.state import Account


def preview_invoice(account: Account, params: dict[str, Any]) -> Obj:
    """The invoice that a new, changed, ended or unchanged subscription would get next; nothing is stored."""
    draft = _draft(account, params)
    if not draft.bill_now:
        _renew(draft)
    invoice = invoices.new_invoice(draft, "upcoming")
    if not invoice["_lines"]:
        raise _nothing(draft)
    customer = account.find("customer", draft.sub["customer"])
    due, ending = invoices.balance_after(invoice, customer["balance"])
    for line in invoice["_lines"]:
        line["id"] = line["id"].replace("il_", "il_tmp_", 1)
    return invoice | {
        "id": f"upcoming_{invoice['id']}",
        "amount_due": due,
        "amount_remaining": due,
        "automatically_finalizes_at": None,
        "ending_balance": ending,
        "next_payment_attempt": draft.now + DRAFT_SECONDS if due else None,
    }


def _draft(account: Account, params: dict[str, Any]) -> Draft:
    details = params.get("subscription_details") or {}
    id = params.get("subscription")
    if id is None:
        return _new(account, params, details)
    sub = account.find("subscription", id, param="subscription", status=400)
    if params.get("customer") not in (None, sub["customer"]):
        raise invalid(f"The subscription {id} does not belong to that customer.", param="customer")
    if sub["status"] in ENDED:
        raise _nothing(Draft.of(account, sub))
    if details.get("pause"):
        draft = draft_pause(account, sub, details["pause"])
        if not draft.bill_now:
            raise _nothing(draft)
        return draft
    if details.get("resume_at") == "now":
        return draft_resume(account, sub, details)
    if details.get("cancel_now"):
        return _ending(account, sub, details)
    changes = {name: value for name, value in details.items() if name != "cancel_now"}
    if "discounts" in params:
        changes["discounts"] = params["discounts"]
    return draft_update(account, sub, changes)


def _new(account: Account, params: dict[str, Any], details: dict[str, Any]) -> Draft:
    if "customer" not in params:
        raise invalid("Missing required param: customer.", param="customer", code="parameter_missing")
    names = ("customer", "currency", "discounts")
    given = {**details, **{name: params[name] for name in names if name in params}}
    anchor = given.pop("billing_cycle_anchor", None) or {}
    if anchor.get("type") == "timestamp":
        given["billing_cycle_anchor"] = anchor["timestamp"]
    return draft_subscription(account, given)


def _ending(account: Account, sub: Obj, details: dict[str, Any]) -> Draft:
    draft = Draft.of(account, sub)
    bill_usage(draft, draft.items)
    if details.get("proration_behavior") != "none" and sub["status"] in ("active", "past_due", "unpaid"):
        for item in draft.items:
            credit_unused(draft, item, details.get("proration_date", draft.now))
    draft.bill_now = True
    return draft


def _renew(draft: Draft) -> None:
    """Go on to the next billing date, with everything that waits until then."""
    draft.now = min(item["current_period_end"] for item in draft.items)
    if draft.sub["status"] == "paused":
        return
    due = [item for item in draft.items if item["current_period_end"] <= draft.now]
    if draft.sub["status"] != "trialing":
        bill_usage(draft, due)
    ends = draft.sub["cancel_at"]
    if ends is not None and ends <= draft.now:
        return
    draft.sub["status"] = "active"
    for item in due:
        cycles.place_item(draft, item)
    bill_periods(draft, due)
    cut_periods(draft, prorate=True)


def _nothing(draft: Draft) -> StripeError:
    """https://docs.stripe.com/error-codes#invoice-upcoming-none."""
    return StripeError(
        404, f"No upcoming invoices for customer: {draft.sub['customer']}", code="invoice_upcoming_none"
    )
