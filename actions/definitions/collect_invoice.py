"""Collect open invoice: https://docs.stripe.com/api/invoices/pay"""

from collections.abc import Mapping
from typing import Any

from actions.definition import ActionDefinition, Click, Needs, StripeRequest
from actions.definitions.shared import not_shown
from actions.models import Status
from actions.outcomes import Outcome
from actions.wording import amount_in_words


def prepare(click: Click) -> StripeRequest | Outcome:
    page = click.gateway.invoices.page({"customer": click.customer, "status": "open", "limit": 1})
    if not page.items:
        return Outcome(status=Status.NO_OP, code="nothing_open", message="The user has no open invoice.")
    invoice = page.items[0]
    return StripeRequest(
        operation="pay_invoice",
        id=invoice["id"],
        facts={
            "amount": amount_in_words(invoice["amount_remaining"], invoice["currency"]),
            "url": invoice["hosted_invoice_url"] or "",
        },
    )


def read_back(request: StripeRequest, answer: dict[str, Any]) -> Outcome:
    if answer["status"] == "open":  # a debit takes days: https://docs.stripe.com/billing/subscriptions/ach-debit
        message = f"The payment of {request.facts['amount']} is under way."
        return Outcome(
            status=Status.REQUIRES_ACTION, code="payment_open", message=message, url=request.facts["url"]
        )
    if answer["status"] != "paid":
        return not_shown("the payment")
    amounts = {"currency": answer["currency"], "amount_paid": answer["amount_paid"]}
    message = f"The open invoice over {request.facts['amount']} is paid."
    return Outcome(status=Status.SUCCEEDED, message=message, amounts=amounts)


def summarize(parameters: Mapping[str, Any], names: Mapping[str, str]) -> str:  # noqa: ARG001  one signature for all
    return "charge the user's newest open invoice"


DEFINITION = ActionDefinition(
    key="collect_invoice",
    label="Collect open invoice",
    description="Charge the user's newest open invoice to the card on file.",
    parameters=(),
    required_permissions=("rak_invoice_read", "rak_invoice_write"),
    needs=Needs.CUSTOMER,
    prepare=prepare,
    read_back=read_back,
    summarize=summarize,
)
