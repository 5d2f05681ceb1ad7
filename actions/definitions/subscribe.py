"""Subscribe to a plan: https://docs.stripe.com/api/subscriptions/create"""

from collections.abc import Mapping
from typing import Any

from actions.definition import ActionDefinition, Click, Needs, StripeRequest
from actions.definitions.new_subscription import one_discount, read_back, start_subscription, terms_in_words
from actions.definitions.shared import (
    COUPON,
    INVOICE_READ,
    PLAN,
    PROMOTION_CODE,
    SUBSCRIPTION_WRITE,
    TRIAL_DAYS,
    payment_behavior,
)
from actions.outcomes import Outcome
from actions.wording import named


def prepare(click: Click) -> StripeRequest | Outcome:
    return start_subscription(click, click.parameters["price"])


def summarize(parameters: Mapping[str, Any], names: Mapping[str, str]) -> str:
    words = {"error_if_incomplete": "change nothing", "allow_incomplete": "leave it open until it is paid"}
    text = f"subscribe the user to {named(names, parameters['price'])}{terms_in_words(parameters, names)}"
    return f"{text}; if the card fails, {words[parameters['payment_behavior']]}"


DEFINITION = ActionDefinition(
    key="subscribe",
    label="Subscribe to a plan",
    description="Start a new subscription beside whatever the user already has.",
    parameters=(
        PLAN,
        TRIAL_DAYS,
        COUPON,
        PROMOTION_CODE,
        payment_behavior("error_if_incomplete", "allow_incomplete"),
    ),
    required_permissions=(SUBSCRIPTION_WRITE,),
    optional_permissions={INVOICE_READ: "amounts, and a link for payments that the user must confirm"},
    needs=Needs.CUSTOMER,
    check=one_discount,
    prepare=prepare,
    read_back=read_back,
    summarize=summarize,
)
