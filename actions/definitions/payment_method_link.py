"""Payment-method link: a customer-portal session that goes straight to changing the payment method.

https://docs.stripe.com/customer-management/portal-deep-links
"""

from collections.abc import Mapping
from typing import Any

from actions.definition import ActionDefinition, Click, Needs, StripeRequest
from actions.definitions.shared import not_shown
from actions.models import Status
from actions.outcomes import Outcome
from actions.parameters import Parameter, Picker


def prepare(click: Click) -> StripeRequest:
    back = {"return_url": click.parameters["return_url"]} if click.parameters["return_url"] else {}
    return StripeRequest(
        operation="create_portal_session",
        params={"customer": click.customer, "flow_data": {"type": "payment_method_update"}, **back},
    )


def read_back(request: StripeRequest, answer: dict[str, Any]) -> Outcome:  # noqa: ARG001  one signature for all
    if not answer.get("url"):
        return not_shown("a link")
    return Outcome(
        status=Status.SUCCEEDED,
        message="Follow the link to change the payment method.",
        url=answer["url"],
    )


def summarize(parameters: Mapping[str, Any], names: Mapping[str, str]) -> str:  # noqa: ARG001  one signature for all
    return "send the user to a Stripe page for changing the payment method"


def check(parameters: Mapping[str, Any]) -> dict[str, str]:
    url = parameters["return_url"]
    is_safe = not url or url.startswith("https://")
    return {} if is_safe else {"return_url": "The return address must start with https://."}


DEFINITION = ActionDefinition(
    key="payment_method_link",
    label="Payment-method link",
    description="Give a link to a Stripe page where the user changes the payment method.",
    parameters=(
        Parameter(
            name="return_url",
            label="Return address",
            help="Where the page's back link leads. Empty takes the one of your customer portal.",
            picker=Picker.TEXT,
        ),
    ),
    required_permissions=("rak_customer_portal_session_write",),
    needs=Needs.CUSTOMER,
    check=check,
    prepare=prepare,
    read_back=read_back,
    summarize=summarize,
)
