"""Parameters and checks that several actions have in common."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from actions.definition import Click, StripeRequest
from actions.models import ActionExecution, Status
from actions.outcomes import NotAllowedError, Outcome
from actions.parameters import Parameter, Picker
from actions.period_end import PERMISSION
from actions.stripe_state import LIVE, Subscription, reference_id
from connector.models import Connection
from connector.permissions import allows

SCHEDULE_PERMISSION = PERMISSION
SUBSCRIPTION_WRITE = "rak_subscription_write"
INVOICE_READ = "rak_invoice_read"

NOT_APPLIED = "not_applied"  # the code of an outcome that Stripe's own state does not show

PAYING = frozenset({"active", "trialing", "past_due"})
LIVE_STATUSES = LIVE

PLAN = Parameter(name="price", label="Plan", picker=Picker.PLAN, required=True)
COUPON = Parameter(name="coupon", label="Coupon", picker=Picker.COUPON)
PROMOTION_CODE = Parameter(name="promotion_code", label="Promotion code", picker=Picker.PROMOTION_CODE)
TRIAL_DAYS = Parameter(name="trial_period_days", label="Trial days", picker=Picker.NUMBER, minimum=1, maximum=730)
PAYMENT_BEHAVIORS = {
    "error_if_incomplete": "Change nothing",
    "allow_incomplete": "Apply anyway",
    "pending_if_incomplete": "Apply once paid",
}


def payment_behavior(*behaviors: str, only_when: Mapping[str, tuple[str, ...]] | None = None) -> Parameter:
    """*If payment fails*, with those of ``PAYMENT_BEHAVIORS``. Changing nothing is the safe default."""
    return Parameter(
        name="payment_behavior",
        label="If payment fails",
        picker=Picker.CHOICE,
        options={behavior: PAYMENT_BEHAVIORS[behavior] for behavior in behaviors},
        default="error_if_incomplete",
        only_when=only_when or {},
    )


def chosen_payment_behavior(click: Click) -> str:
    """As the designer chose. Raises ``NotAllowedError`` where Stripe knows no such choice.

    https://docs.stripe.com/billing/subscriptions/pending-updates
    """
    behavior = str(click.parameters["payment_behavior"])
    if behavior == "pending_if_incomplete" and collects_by_invoice(subscription_of(click)):
        raise NotAllowedError(
            "collected_by_invoice",
            "The subscription is paid by invoices that are sent, so a change cannot wait for its payment.",
        )
    return behavior


def collects_by_invoice(subscription: Subscription) -> bool:
    return bool(subscription["collection_method"] == "send_invoice")


def expansions(connection: Connection) -> list[str]:
    """What to expand in answers: discounts for the mirror, the invoice where the key may read it."""
    invoice = ["latest_invoice"] if allows(connection, INVOICE_READ) else []
    return ["discounts", "discounts.source.coupon", *invoice]


def subscription_of(click: Click) -> Subscription:
    """The click's subscription, for actions that need one."""
    if click.subscription is None:
        raise NotAllowedError("no_subscription", "The user has no subscription.")
    return click.subscription


def schedule_to_release(click: Click) -> str:
    """A schedule of ours on the subscription, which a new action replaces; empty without one.

    Raises ``NotAllowedError`` for a schedule that something else made: Stripe would let its next phase undo
    the change, and it refuses cancellations.
    """
    schedule = reference_id(subscription_of(click).get("schedule"))
    if not schedule:
        return ""
    ours = ActionExecution.objects.filter(
        execution__connection=click.connection,
        subscription=subscription_of(click)["id"],
        after__schedule=schedule,
        status=Status.PENDING,
    )
    if ours.exists() and allows(click.connection, SCHEDULE_PERMISSION):
        return schedule
    raise NotAllowedError(
        "managed_by_schedule",
        "A subscription schedule at Stripe manages this subscription. Change or release the schedule first.",
    )


def refuse_schedule(click: Click) -> None:
    """Raises ``NotAllowedError`` for a subscription with a schedule: its next phase would undo the change."""
    if subscription_of(click).get("schedule"):
        raise NotAllowedError(
            "managed_by_schedule",
            "A change of this subscription is already scheduled at Stripe; it would undo this one.",
        )


def date_of(moment: int) -> str:
    """Epoch seconds as ``21 November 2026`` (UTC)."""
    when = datetime.fromtimestamp(moment, UTC)
    return f"{when.day} {when:%B %Y}"


def latest_invoice_of(subscription: Subscription) -> dict[str, str]:
    """For ``facts``: which invoice was the newest before."""
    return {"latest_invoice": reference_id(subscription.get("latest_invoice"))}


def made_an_invoice(request: StripeRequest, answer: Subscription) -> bool:
    """Whether the newest invoice is another one than before."""
    return latest_invoice_of(answer) != latest_invoice_of(request.facts)


def amounts_of(request: StripeRequest, answer: Subscription) -> dict[str, Any]:
    """What the invoice that the request made came to, where it made one and the key may read it."""
    return _newest_amounts(answer) if made_an_invoice(request, answer) else {}


def _newest_amounts(subscription: Subscription) -> dict[str, Any]:
    invoice = subscription.get("latest_invoice")
    if not isinstance(invoice, dict):
        return {}
    return {
        "currency": invoice["currency"],
        "amount_due": invoice["amount_due"],
        "amount_paid": invoice["amount_paid"],
    }


def invoice_url(subscription: Subscription) -> str:
    """Where the user can pay or confirm the newest invoice; empty where the key may not read it.

    https://docs.stripe.com/billing/subscriptions/overview#requires-action
    """
    invoice = subscription.get("latest_invoice")
    return str(invoice.get("hosted_invoice_url") or "") if isinstance(invoice, dict) else ""


def not_shown(what: str) -> Outcome:
    """Stripe answered 200, but not with the state that was asked for."""
    return Outcome(
        status=Status.FAILED,
        code=NOT_APPLIED,
        message=f"Stripe accepted the request, but its answer does not show {what}.",
    )


def payment_is_open(request: StripeRequest, answer: Subscription) -> bool:
    """Whether the request made an invoice that is still to be paid: the status alone may be of an older one."""
    return made_an_invoice(request, answer) and answer["status"] in {"past_due", "incomplete", "unpaid"}


def payment_open(subscription: Subscription, message: str) -> Outcome:
    """The change is made or waiting, and a payment is still open."""
    return Outcome(
        status=Status.REQUIRES_ACTION,
        code="payment_open",
        message=message,
        url=invoice_url(subscription),
        amounts=_newest_amounts(subscription),
    )
