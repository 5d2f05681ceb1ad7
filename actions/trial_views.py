"""Trying an interaction out: a preview for any user, a real run for test users."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from actions.amounts import Amounts, NextInvoice
from actions.definitions.shared import date_of
from actions.execution import execute
from actions.models import Execution
from actions.previewing import preview_interaction
from actions.views import find_interaction, find_prompt
from actions.wording import amount_in_words
from connector.access import ConsoleRequest, require_prompt_editor
from connector.errors import ConnectorError


@require_http_methods(["GET", "POST"])
@require_prompt_editor
def test_interaction(request: ConsoleRequest, prompt_id: str, interaction: str) -> HttpResponse:
    """GET with ``user_id`` previews (a dry run); POST runs the actions, for the prompt's test users only."""
    prompt = find_prompt(request.engage_app.id, prompt_id)
    user_id = (request.POST.get("user_id") or request.GET.get("user_id") or "").strip()
    context: dict[str, Any] = {
        "prompt": prompt,
        "interaction": find_interaction(interaction),
        "user_id": user_id,
        "may_run": user_id in prompt.test_user_ids,
    }
    try:
        if request.method == "POST" and user_id in prompt.test_user_ids:
            context["execution"] = execute(
                app_id=request.engage_app.id,
                prompt_id=prompt_id,
                interaction=interaction,
                user_id=user_id,
                source=Execution.Source.CONSOLE,
            )
        elif user_id:
            context["previews"] = _previews(request, prompt_id, interaction, user_id)
    except ConnectorError as error:
        messages.error(request, error.user_message)
    return render(request, "actions/test.html", context)


def _previews(request: ConsoleRequest, prompt_id: str, interaction: str, user_id: str) -> list[dict[str, Any]]:
    previews = preview_interaction(
        app_id=request.engage_app.id, prompt_id=prompt_id, interaction=interaction, user_id=user_id
    )
    return [{"preview": preview, "cost": _cost(preview.amounts)} for preview in previews]


def _cost(amounts: Amounts | None) -> str:
    if amounts is None:
        return ""
    parts = [f"Due now {amount_in_words(amounts.due_now, amounts.currency)}"]
    if amounts.proration:
        parts.append(f"proration {amount_in_words(amounts.proration, amounts.currency)}")
    if amounts.next_invoice:
        parts.append(_next_invoice(amounts.next_invoice, amounts.currency))
    source = "Stripe's own figures" if amounts.exact else "our estimate, before tax and balance"
    return f"{', '.join(parts)} ({source})"


def _next_invoice(invoice: NextInvoice, currency: str) -> str:
    text = f"next invoice {amount_in_words(invoice.amount, currency)} on {date_of(invoice.at)}"
    if invoice.instead_of is None:
        return text
    return f"{text} instead of {amount_in_words(invoice.instead_of, currency)}"
