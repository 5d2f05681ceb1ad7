"""What a change means for the user, in words: what is not paid, what ends, and when."""

from collections.abc import Callable
from typing import Any, cast

from actions.amounts import Amounts, NextInvoice, is_longer_trial
from actions.calendar import later_renewal
from actions.definition import Click, StripeRequest
from actions.definitions.shared import date_of
from actions.stripe_state import Subscription, main_item, period_end
from actions.wording import amount_in_words, interval_in_words

Upcoming = Callable[[], NextInvoice | None]  # the next invoice as things are; asked only where it is needed

_KEPT = {
    "void": "",
    "keep_as_draft": " What is skipped stays as drafts that you can still collect.",
    "mark_uncollectible": " What is skipped is written off as uncollectible.",
}


def effect_of(click: Click, request: StripeRequest, amounts: Amounts | None, upcoming: Upcoming) -> str:
    """One or two sentences; empty where the amounts say it all."""
    match request.operation:
        case "pause_subscription":
            return _of_whole_pause(request, amounts)
        case "resume_subscription":
            return _of_resumption(request)
        case "cancel_subscription":
            return _of_ending(request, amounts)
        case "create_subscription":
            return _of_new_trial(click, request)
        case "switch_at_period_end":
            return f"The switch is made on {date_of(request.facts['period_end'])}; until then nothing changes."
        case "record_meter_event":
            return "The usage is billed with the next invoice by the meter's prices; how much cannot be previewed."
        case "update_subscription":
            return _of_update(click, request, upcoming)
        case _:
            return ""


def _of_update(click: Click, request: StripeRequest, upcoming: Upcoming) -> str:
    params, subscription = request.params, cast("Subscription", click.subscription)
    if params.get("pause_collection"):
        return _of_paused_collection(click, params["pause_collection"], upcoming())
    if "pause_collection" in params:
        return f"Invoices are collected again: the next one is due on {date_of(period_end(subscription))}."
    if is_longer_trial(subscription, request):
        return _of_longer_trial(subscription, params["trial_end"])
    if params.get("trial_end") == "now" and "items" not in params:
        return f"The trial ends now instead of on {date_of(subscription['trial_end'])}, and a paid period begins."
    if params.get("cancel_at_period_end") or params.get("cancel_at"):
        more = "what is paid beyond it is credited" if params.get("cancel_at") else "nothing is credited"
        return f"The subscription ends on {date_of(period_end(subscription))}. Until then nothing changes, and {more}."
    if {"cancel_at_period_end", "cancel_at"} & params.keys():
        return f"The subscription does not end on {date_of(_end_of(subscription))}; it renews then."
    if "collection_method" in params:
        return _of_collection(subscription, params)
    return ""


def _end_of(subscription: Subscription) -> int:
    return int(subscription.get("cancel_at") or period_end(subscription))


def _of_longer_trial(subscription: Subscription, trial_end: int) -> str:
    if subscription["status"] == "trialing":
        return f"The trial ends on {date_of(trial_end)} instead of on {date_of(subscription['trial_end'])}."
    return f"The user pays nothing until {date_of(trial_end)}; what is paid already is not given back."


def _of_collection(subscription: Subscription, params: dict[str, Any]) -> str:
    since = f"From the invoice of {date_of(period_end(subscription))} on"
    if params["collection_method"] == "send_invoice":
        return f"{since}, the user gets invoices to pay within {params['days_until_due']} days."
    return f"{since}, the payment method on file is charged."


def _of_paused_collection(click: Click, pause: dict[str, Any], renewal: NextInvoice | None) -> str:
    """Which invoices fall into the pause. One of a yearly plan gives a year away, a short pause of it nothing."""
    subscription = cast("Subscription", click.subscription)
    recurring = main_item(subscription, click.target)["price"]["recurring"]
    interval, count, anchor = (
        recurring["interval"],
        recurring["interval_count"],
        subscription["billing_cycle_anchor"],
    )
    first, resumes_at = period_end(subscription), pause.get("resumes_at")
    amount = f", {_amount(subscription, renewal)}" if renewal else ""
    kept = _KEPT[pause["behavior"]]
    if resumes_at is None:
        every = f"{amount} {interval_in_words(interval, count)}" if amount else ""
        return f"Until it is resumed, the user does not pay the invoices from {date_of(first)} on{every}.{kept}"
    dates = [first]
    while dates[-1] < resumes_at:
        dates.append(later_renewal(anchor, interval, count, first, len(dates)))
    *skipped, due = dates
    if not skipped:
        one = f"{amount}," if amount else ""
        return f"No invoice falls into the pause: the next one{one} is due on {date_of(due)} as without it."
    return (
        f"The user does not pay {_invoices(skipped, amount)}: free from {date_of(first)} to {date_of(due)}, when the "
        f"next invoice is due.{kept}"
    )


def _invoices(skipped: list[int], amount: str) -> str:
    if len(skipped) == 1:
        return f"the invoice of {date_of(skipped[0])}{amount}"
    each = f"{amount} each" if amount else ""
    return f"the {len(skipped)} invoices of {date_of(skipped[0])} to {date_of(skipped[-1])}{each}"


def _of_whole_pause(request: StripeRequest, amounts: Amounts | None) -> str:
    resumes_at = request.facts["resumes_at"]
    until = f"until {date_of(resumes_at)}, when a new period begins" if resumes_at else "until it is resumed"
    return f"Nothing is billed from now {until}.{_credited(amounts, 'the next invoice')}"


def _of_resumption(request: StripeRequest) -> str:
    if request.params["billing_cycle_anchor"]["type"] == "now":
        return "A new period begins now."
    return "The billing date stays; what is left of the running period is billed with the next invoice."


def _of_ending(request: StripeRequest, amounts: Amounts | None) -> str:
    where = (
        "the final invoice" if request.params["invoice_now"] else "the customer's next invoice, if there is one"
    )
    return f"The subscription ends now.{_credited(amounts, where) or ' Nothing is credited.'}"


def _credited(amounts: Amounts | None, where: str) -> str:
    if amounts is None or amounts.proration >= 0:
        return ""
    credit = amount_in_words(-amounts.proration, amounts.currency)
    about = "" if amounts.exact else "about "
    return f" {about.capitalize()}{credit} of unused time is credited on {where}."


def _of_new_trial(click: Click, request: StripeRequest) -> str:
    days = request.params.get("trial_period_days")
    if not days:
        return ""
    return f"The trial lasts until {date_of(click.now + days * 86_400)}; the first payment is due then."


def _amount(subscription: Subscription, invoice: NextInvoice) -> str:
    return amount_in_words(invoice.amount, subscription["currency"])
