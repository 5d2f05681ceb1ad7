"""New subscriptions: https://docs.stripe.com/api/subscriptions/create."""

from __future__ import annotations

from typing import Any

from engage_stripe.sandbox.billing import collecting, cycles, invoices
from engage_stripe.sandbox.billing.blanks import blank_subscription
from engage_stripe.sandbox.billing.charges import bill_periods
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

MAX_PER_CUSTOMER = 500


def create_subscription(account: Account, params: dict[str, Any]) -> Obj:
    """Create, invoice and charge; with `error_if_incomplete` a failed payment leaves nothing behind."""
    behavior = params.get("payment_behavior", "allow_incomplete")
    if behavior == "pending_if_incomplete":
        raise invalid(
            "`payment_behavior=pending_if_incomplete` is only supported when updating a subscription.",
            param="payment_behavior",
        )
    draft = draft_subscription(account, params)
    invoice = invoices.new_invoice(draft, "subscription_create")
    charged = invoice["collection_method"] == "charge_automatically" and behavior != "default_incomplete"
    outcome = collecting.expected_outcome(draft, invoice) if charged else None
    if outcome and outcome.status != "succeeded" and behavior == "error_if_incomplete":
        raise payment_error(outcome, "subscription")
    if invoice["amount_due"] > 0 and draft.sub["status"] == "active" and _waits(draft, behavior, outcome):
        draft.sub["status"] = "incomplete"
    stored = _commit(draft, invoice)
    if invoice["_lines"]:
        collecting.open_invoice(account, stored, invoice, draft.now)
        if outcome is not None:
            collecting.attempt(account, invoice, draft.now)
    return stored


def create_scheduled(account: Account, params: dict[str, Any]) -> Obj:
    """A schedule's subscription: active at once, its first invoice a draft like those of renewals.

    https://docs.stripe.com/api/subscriptions/create
    """
    draft = draft_subscription(account, params)
    invoice = invoices.new_invoice(draft, "subscription_create")
    stored = _commit(draft, invoice)
    if invoice["_lines"]:
        collecting.keep_draft(account, stored, invoice)
    return stored


def draft_subscription(account: Account, params: dict[str, Any]) -> Draft:
    """Everything but writing: the subscription, its items, discounts and first lines."""
    customer = account.find("customer", params["customer"], param="customer", status=400)
    now = account.now(customer["id"])
    draft = Draft(account, now, blank_subscription(account, customer, now), [])
    draft.sub["billing_mode"] = _billing_mode(params.get("billing_mode"), now)
    if not params.get("items"):
        raise invalid("Missing required param: items.", param="items", code="parameter_missing")
    draft.sub["currency"] = _currency(account, customer, params)
    change_items(draft, params["items"])
    if "discounts" in params:
        set_discounts(draft, draft.sub, params["discounts"])
    assign_settings(draft, params)
    trialing = cycles.start_trial(draft, params)
    cycles.start_cycle(draft, params, trialing=trialing)
    set_cancellation(draft, params)
    partial = draft.sub["billing_cycle_anchor"] > now and not trialing
    if not (partial and params.get("proration_behavior") == "none"):
        bill_periods(draft, draft.items, trial=trialing)
    if partial:
        cycles.prorate_first_period(draft)
    cut_periods(draft, prorate=params.get("proration_behavior") != "none")
    add_invoice_items(draft, params.get("add_invoice_items") or [])
    draft.bill_now = True
    return draft


def _commit(draft: Draft, invoice: Obj) -> Obj:
    account = draft.account
    customer = account.find("customer", draft.sub["customer"])
    if customer["currency"] is None:
        with account.changing(customer, "customer.updated"):
            customer["currency"] = draft.sub["currency"]
    draft.sub["latest_invoice"] = invoice["id"] if invoice["_lines"] else None
    return draft.commit()


def _waits(draft: Draft, behavior: str, outcome: Any) -> bool:
    if draft.sub["collection_method"] == "send_invoice":
        return False
    return behavior == "default_incomplete" or (outcome is not None and outcome.status != "succeeded")


def _billing_mode(given: dict[str, Any] | None, now: int) -> Obj:
    """Flexible unless asked: https://docs.stripe.com/changelog/clover/2025-09-30/billing-mode-default-flexible."""
    if given is not None and given["type"] == "classic":
        return {"type": "classic", "flexible": None}
    flexible = (given or {}).get("flexible") or {}
    shown = flexible.get("proration_discounts", "included")
    return {"type": "flexible", "flexible": {"proration_discounts": shown}, "updated_at": now}


def _currency(account: Account, customer: Obj, params: dict[str, Any]) -> str:
    wanted = params.get("currency")
    first = params["items"][0]
    if first.get("price_data"):
        own = first["price_data"]["currency"]
    else:
        id = first.get("price") or first.get("plan") or ""
        price = account.find("price", id, param="items[0][price]", status=400)
        options = price.get("currency_options") or {}
        own = customer["currency"] if customer["currency"] in options else price["currency"]
    currency: str = (wanted or own).lower()
    live = _live_subscriptions(account, customer)
    if live and customer["currency"] not in (None, currency):
        raise invalid(
            "You cannot combine currencies on a single customer. This customer has an active subscription, "
            f"subscription schedule, discount, quote, or invoice item with currency {customer['currency']}.",
            param="currency" if wanted else None,
        )
    return currency


def _live_subscriptions(account: Account, customer: Obj) -> int:
    """How many there are; StripeError 400 when there is no room for another."""
    subs = account.collection("subscription").of_customer(customer["id"])
    live = sum(sub["status"] not in ("canceled", "incomplete_expired") for sub in subs)
    if live >= MAX_PER_CUSTOMER:
        raise invalid(
            f"Customer {customer['id']} already has the maximum {MAX_PER_CUSTOMER} current subscriptions.",
            code="customer_max_subscriptions",
        )
    return live
