"""What a request would bill, by our own reckoning, where the key may not ask Stripe: before tax and balance.

Discounts are those of which the coupon is known; usage and tiers are not known, and then there is no estimate.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, cast

from actions.amounts import DAY, Amounts, NextInvoice, is_longer_trial
from actions.charges import (
    Charge,
    UnknownAmountError,
    after_coupons,
    changed_charges,
    charge_at,
    charge_of,
    coupons_in,
    discounted,
    find_price,
)
from actions.definition import Click, StripeRequest
from actions.stripe_state import Subscription, items_of, period_end


def estimated_amounts(click: Click, request: StripeRequest) -> Amounts | None:
    """None where nothing is billed, or nothing can be said."""
    try:
        match request.operation:
            case "update_subscription":
                return _of_update(click, request)
            case "create_subscription":
                return _of_new(click, request)
            case "switch_at_period_end":
                return _of_later_switch(click, request)
            case "cancel_subscription" | "pause_subscription":
                return _of_credit(click, gives_back=request.params.get("prorate", True))
            case "resume_subscription":
                return _of_resumption(click, request)
            case _:
                return None
    except UnknownAmountError:
        return None


def estimated_upcoming(click: Click) -> NextInvoice | None:
    """The next invoice as things are; None where that cannot be said."""
    subscription = cast("Subscription", click.subscription)
    try:
        return NextInvoice(_renewal(click, subscription, None), period_end(subscription))
    except UnknownAmountError:
        return None


def _of_update(click: Click, request: StripeRequest) -> Amounts | None:
    subscription, params = cast("Subscription", click.subscription), request.params
    currency = subscription["currency"]
    if is_longer_trial(subscription, request):
        later = NextInvoice(_renewal(click, subscription, None), params["trial_end"])
        return Amounts(currency=currency, next_invoice=later, exact=False)
    if params.get("cancel_at_period_end") or params.get("cancel_at"):
        return Amounts(currency=currency, exact=False)
    if "items" in params or params.get("trial_end") == "now":
        return _of_change(click, subscription, params)
    if "discounts" not in params and not {"cancel_at_period_end", "cancel_at"} & params.keys():
        return None
    changed = _renewal(click, subscription, params.get("discounts"))
    compared = _renewal(click, subscription, None) if "discounts" in params else None
    later = NextInvoice(changed, period_end(subscription), compared)
    return Amounts(currency=currency, next_invoice=later, exact=False)


def _of_change(click: Click, subscription: Subscription, params: Mapping[str, Any]) -> Amounts:
    """Other plans or quantities, or the end of the trial: https://docs.stripe.com/billing/subscriptions/prorations"""
    old = [charge_of(item) for item in items_of(subscription)]
    new = changed_charges(click.connection, subscription, params)
    total = discounted(click.connection, subscription, new, params.get("discounts"))
    on_trial = subscription["status"] == "trialing"
    if on_trial and params.get("trial_end") != "now":
        later = NextInvoice(total, subscription["trial_end"])
        return Amounts(currency=subscription["currency"], next_invoice=later, exact=False)
    restarts = _restarts(params) or _moves_date(old, new)
    unused = Decimal(0) if on_trial else _unused_share(click, subscription)
    prorates = params.get("proration_behavior", "create_prorations") != "none" and not on_trial
    credit = round(sum(_sum(old), Decimal(0)) * unused) if prorates else 0
    charged = total if restarts else (round(sum(_sum(new), Decimal(0)) * unused) if prorates else 0)
    difference = charged - credit if prorates and not restarts else -credit
    amounts = Amounts(currency=subscription["currency"], proration=difference, exact=False)
    if restarts:
        return replace(amounts, due_now=max(charged - credit, 0))
    if params.get("proration_behavior") == "always_invoice":
        return replace(
            amounts,
            due_now=max(difference, 0),
            next_invoice=NextInvoice(total, period_end(subscription)),
        )
    return replace(amounts, next_invoice=NextInvoice(max(total + difference, 0), period_end(subscription)))


def _sum(charges: Sequence[Charge]) -> list[Decimal]:
    return [charge.amount for charge in charges]


def _restarts(params: Mapping[str, Any]) -> bool:
    return "billing_cycle_anchor" in params or params.get("trial_end") == "now"


def _moves_date(old: Sequence[Charge], new: Sequence[Charge]) -> bool:
    """Another interval, or from free to paid: Stripe bills at once, whatever the proration."""
    was_free = not any(charge.amount for charge in old)
    is_paid = any(charge.amount for charge in new)
    return {charge.terms for charge in old} != {charge.terms for charge in new} or (was_free and is_paid)


def _of_new(click: Click, request: StripeRequest) -> Amounts:
    params = request.params
    (item,) = params["items"]
    price = find_price(click.connection, item["price"])
    charge = charge_at(price, item.get("quantity", 1), price.currency)
    amount = after_coupons([charge], coupons_in(click.connection, params.get("discounts") or []))
    days = params.get("trial_period_days")
    if days:
        later = NextInvoice(amount, click.now + days * DAY)
        return Amounts(currency=price.currency, next_invoice=later, exact=False)
    return Amounts(currency=price.currency, due_now=amount, exact=False)


def _of_later_switch(click: Click, request: StripeRequest) -> Amounts:
    subscription, facts = cast("Subscription", click.subscription), request.facts
    change = {"items": [{"id": facts["item"], **facts["new_item"]}]}
    charges = changed_charges(click.connection, subscription, change)
    total = discounted(click.connection, subscription, charges, facts["discounts"] or None)
    later = NextInvoice(total, facts["period_end"])
    return Amounts(currency=subscription["currency"], next_invoice=later, exact=False)


def _of_credit(click: Click, *, gives_back: bool) -> Amounts:
    """What an end or a pause now gives back of the running period."""
    subscription = cast("Subscription", click.subscription)
    is_paid = subscription["status"] in {"active", "past_due", "unpaid"}
    charges = [charge_of(item) for item in items_of(subscription)] if gives_back and is_paid else []
    credit = round(sum(_sum(charges), Decimal(0)) * _unused_share(click, subscription))
    return Amounts(currency=subscription["currency"], proration=-credit, exact=False)


def _of_resumption(click: Click, request: StripeRequest) -> Amounts:
    subscription = cast("Subscription", click.subscription)
    total = _renewal(click, subscription, None)
    if request.params["billing_cycle_anchor"]["type"] == "now":
        return Amounts(currency=subscription["currency"], due_now=total, exact=False)
    part = round(Decimal(total) * _unused_share(click, subscription))
    later = NextInvoice(total + part, period_end(subscription))
    return Amounts(currency=subscription["currency"], proration=part, next_invoice=later, exact=False)


def _renewal(click: Click, subscription: Subscription, discounts: Any) -> int:
    charges = [charge_of(item) for item in items_of(subscription)]
    return discounted(click.connection, subscription, charges, discounts)


def _unused_share(click: Click, subscription: Subscription) -> Decimal:
    start = min(int(item["current_period_start"]) for item in items_of(subscription))
    end = period_end(subscription)
    left = max(end - click.now, 0)
    return min(Decimal(left) / Decimal(end - start), Decimal(1)) if end > start else Decimal(0)
