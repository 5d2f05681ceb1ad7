"""What a request would bill, in Stripe's own figures: previews of invoices, which change nothing.

https://docs.stripe.com/api/invoices/create_preview
"""

from dataclasses import dataclass, replace
from typing import Any, cast

from actions.definition import Click, StripeRequest
from actions.stripe_state import Subscription, period_end
from connector.errors import StripeError
from connector.stripe_gateway import StripeGateway

DAY = 86_400
_UPDATED = (
    "items",
    "proration_behavior",
    "billing_cycle_anchor",
    "trial_end",
    "cancel_at",
    "cancel_at_period_end",
)


@dataclass(frozen=True, slots=True)
class NextInvoice:
    """What the next invoice after now comes to (minor units) and when (epoch seconds); ``instead_of`` is what it
    would come to without the change, None where that is not compared.
    """

    amount: int
    at: int
    instead_of: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """Minor units of ``currency``. ``due_now`` is charged or invoiced at once; ``proration`` is what the change adds
    to or takes off the running period, wherever it is billed; not ``exact`` is our own estimate, before tax.
    """

    currency: str
    due_now: int = 0
    proration: int = 0
    next_invoice: NextInvoice | None = None
    exact: bool


def exact_amounts(click: Click, request: StripeRequest) -> Amounts | None:
    """None for a request that changes nothing of what is billed. Raises ``StripeError``."""
    match request.operation:
        case "update_subscription":
            return _of_update(click, request)
        case "create_subscription":
            return _of_new(click, request)
        case "switch_at_period_end":
            return _of_later_switch(click, request)
        case "cancel_subscription":
            return _of_ending(click, request)
        case "pause_subscription":
            return _of_whole_pause(click)
        case "resume_subscription":
            details = {"resume_at": "now", "billing_cycle_anchor": request.params["billing_cycle_anchor"]}
            return _read(click, _preview(click, details))
        case "pay_invoice":
            invoice = click.gateway.retrieve("invoices", request.id).data
            return Amounts(currency=invoice["currency"], due_now=invoice["amount_remaining"], exact=True)
        case _:
            return None


def upcoming(click: Click) -> NextInvoice | None:
    """The next invoice as things are. Raises ``StripeError``."""
    invoice = _preview(click, {})
    return NextInvoice(invoice["amount_due"], invoice["created"]) if invoice else None


def _of_update(click: Click, request: StripeRequest) -> Amounts | None:
    params, subscription = request.params, cast("Subscription", click.subscription)
    details = {name: params[name] for name in _UPDATED if name in params}
    discounts = {"discounts": params["discounts"]} if "discounts" in params else {}
    if not details and not discounts:
        return None
    if is_longer_trial(subscription, request):
        before = upcoming(click)
        later = NextInvoice(before.amount, params["trial_end"]) if before else None
        return Amounts(currency=subscription["currency"], next_invoice=later, exact=True)
    amounts = _read(click, _preview(click, details, discounts))
    if details or amounts.next_invoice is None:
        return amounts
    before = upcoming(click)
    compared = replace(amounts.next_invoice, instead_of=before.amount if before else None)
    return replace(amounts, next_invoice=compared)


def is_longer_trial(subscription: Subscription, request: StripeRequest) -> bool:
    """Whether the request moves the trial's end and changes nothing else that is billed."""
    trial_end = request.params.get("trial_end")
    return isinstance(trial_end, int) and trial_end != subscription["trial_end"] and "items" not in request.params


def _of_new(click: Click, request: StripeRequest) -> Amounts:
    """A trial is previewed as the purchase that follows it: its own first invoice is always about nothing."""
    params = request.params
    question: dict[str, Any] = {"customer": click.customer, "subscription_details": {"items": params["items"]}}
    if "discounts" in params:
        question["discounts"] = params["discounts"]
    invoice = _ask(click.gateway, question)
    amounts = _read(click, invoice)
    days = params.get("trial_period_days")
    if not days:
        return replace(amounts, due_now=max(invoice["amount_due"], 0) if invoice else 0, next_invoice=None)
    later = NextInvoice(invoice["amount_due"] if invoice else 0, click.now + days * DAY)
    # Whether a discount survives the trial's invoice is Stripe's business; then we only estimate.
    return replace(amounts, due_now=0, next_invoice=later, exact="discounts" not in params)


def _of_later_switch(click: Click, request: StripeRequest) -> Amounts:
    """The first invoice of the new plan; a plan of another interval would be billed at once if it were switched now."""
    subscription, facts = cast("Subscription", click.subscription), request.facts
    details: dict[str, Any] = {
        "items": [{"id": facts["item"], **facts["new_item"]}],
        "proration_behavior": "none",
    }
    if subscription["status"] == "trialing":
        details["trial_end"] = subscription["trial_end"]
    discounts = {"discounts": facts["discounts"]} if facts["discounts"] else {}
    invoice = _preview(click, details, discounts)
    later = NextInvoice(invoice["amount_due"] if invoice else 0, facts["period_end"])
    return Amounts(currency=subscription["currency"], next_invoice=later, exact=True)


def _of_ending(click: Click, request: StripeRequest) -> Amounts:
    prorates, invoices = request.params["prorate"], request.params["invoice_now"]
    details = {"cancel_now": True, "proration_behavior": "create_prorations" if prorates else "none"}
    amounts = _read(click, _preview(click, details))
    return replace(amounts, due_now=amounts.due_now if invoices else 0, next_invoice=None)


def _of_whole_pause(click: Click) -> Amounts:
    """The credit for unused time is the same as an end now would give."""
    details = {"cancel_now": True, "proration_behavior": "create_prorations"}
    return replace(_read(click, _preview(click, details)), due_now=0, next_invoice=None)


def _preview(click: Click, details: dict[str, Any], rest: dict[str, Any] | None = None) -> dict[str, Any] | None:
    subscription = cast("Subscription", click.subscription)
    question = {"subscription": subscription["id"], **(rest or {})}
    return _ask(click.gateway, {**question, "subscription_details": details} if details else question)


def _ask(gateway: StripeGateway, question: dict[str, Any]) -> dict[str, Any] | None:
    """None where there is nothing to invoice: https://docs.stripe.com/error-codes#invoice-upcoming-none"""
    try:
        return gateway.preview_invoice(cast("Any", question)).data
    except StripeError as error:
        if error.stripe_code == "invoice_upcoming_none":
            return None
        raise


def _read(click: Click, invoice: dict[str, Any] | None) -> Amounts:
    """An invoice that the change makes is of now; else the preview is of the next renewal and dated so."""
    subscription = click.subscription or {}
    if invoice is None:
        return Amounts(currency=subscription.get("currency", ""), exact=True)
    proration = sum(line["amount"] for line in invoice["lines"]["data"] if _is_proration(line))
    is_whole = not invoice["lines"]["has_more"]  # only ten lines come with the invoice
    amounts = Amounts(currency=invoice["currency"], proration=proration, exact=is_whole)
    if subscription and invoice["created"] >= period_end(subscription) > click.now:
        return replace(amounts, next_invoice=NextInvoice(invoice["amount_due"], invoice["created"]))
    return replace(amounts, due_now=max(invoice["amount_due"], 0))


def _is_proration(line: dict[str, Any]) -> bool:
    details = (line.get("parent") or {}).get("subscription_item_details") or {}
    return bool(details.get("proration"))
