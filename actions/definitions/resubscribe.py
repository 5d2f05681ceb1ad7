"""Resubscribe: a canceled subscription cannot come back, so a new one takes its place.

https://docs.stripe.com/billing/subscriptions/cancel#reactivating-canceled-subscriptions
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from actions.definition import ActionDefinition, Click, StripeRequest
from actions.definitions.new_subscription import read_back, start_subscription, terms_in_words
from actions.definitions.shared import (
    COUPON,
    INVOICE_READ,
    PLAN,
    SUBSCRIPTION_WRITE,
    TRIAL_DAYS,
    collects_by_invoice,
    subscription_of,
)
from actions.outcomes import Outcome
from actions.stripe_state import Subscription, main_item, reference_id
from actions.wording import named
from connector.permissions import allows


def prepare(click: Click) -> StripeRequest | Outcome:
    ended = subscription_of(click)
    item = main_item(ended, click.target)
    return start_subscription(
        click,
        click.parameters["price"] or item["price"]["id"],
        quantity=item.get("quantity"),
        terms=_how_it_was_paid(click, ended),
    )


def _how_it_was_paid(click: Click, ended: Subscription) -> dict[str, Any]:
    method = reference_id(ended.get("default_payment_method"))
    terms: dict[str, Any] = {}
    if method and not _is_detached(click, method):
        terms["default_payment_method"] = method
    if collects_by_invoice(ended):
        terms |= {"collection_method": "send_invoice", "days_until_due": ended["days_until_due"]}
    return terms


def _is_detached(click: Click, method: str) -> bool:
    """A card that the customer took away since would be refused, though there may be another."""
    if not allows(click.connection, "rak_payment_method_read"):
        return False
    return reference_id(click.gateway.retrieve("payment_methods", method).data["customer"]) != click.customer


def summarize(parameters: Mapping[str, Any], names: Mapping[str, str]) -> str:
    plan = named(names, parameters["price"]) if parameters["price"] else "the plan the user had last"
    return f"subscribe the user again to {plan}{terms_in_words(parameters, names)}"


DEFINITION = ActionDefinition(
    key="resubscribe",
    label="Resubscribe",
    description="Subscribe a user whose subscription has ended, to the last plan or another one.",
    parameters=(
        replace(PLAN, required=False, help="Empty takes the plan that the user had last."),
        TRIAL_DAYS,
        COUPON,
    ),
    required_permissions=(SUBSCRIPTION_WRITE,),
    optional_permissions={INVOICE_READ: "amounts, and a link for payments that the user must confirm"},
    statuses=frozenset({"canceled", "incomplete_expired"}),
    prepare=prepare,
    read_back=read_back,
    summarize=summarize,
)
