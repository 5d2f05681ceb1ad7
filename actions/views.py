"""Changing a prompt's actions: the Add action dialog and the buttons beside each action."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from actions import configuration
from actions.availability import list_availability
from actions.configuration import Change, change_actions, describe_action, list_version
from actions.forms import ActionForm, is_narrowing
from actions.models import Interaction
from actions.picker_fields import answer_with_options
from actions.registry import ACTIONS, get_action
from actions.selectors import configured_actions
from connector.access import ConsoleRequest, require_prompt_editor
from connector.errors import ConnectorError
from connector.host import HostPrompt, get_host
from connector.selectors import serving_connection


@require_GET
@require_prompt_editor
def choose_action(request: ConsoleRequest, prompt_id: str, interaction: str) -> HttpResponse:
    """The dialog's first step: which action. What the key cannot do is shown disabled, with the way out."""
    app_id = request.engage_app.id
    context = {
        "prompt": find_prompt(app_id, prompt_id),
        "interaction": find_interaction(interaction),
        "actions": list_availability(serving_connection(app_id=app_id)),
    }
    return render(request, _template(request, "actions/choose_action.html"), context)


@require_http_methods(["GET", "POST"])
@require_prompt_editor
def add_action(request: ConsoleRequest, prompt_id: str, interaction: str, action: str) -> HttpResponse:
    """The dialog's second step: the action's parameters."""
    connection = serving_connection(app_id=request.engage_app.id)
    found = next((one for one in list_availability(connection) if one.definition.key == action), None)
    if found is None:
        raise Http404
    if connection is not None and not found.is_available:
        messages.error(request, f"“{found.definition.label}” is not available. {found.why_not}")
        return redirect("stripe_actions:choose-action", prompt_id, interaction)
    return _edit(request, prompt_id, interaction, action, configuration.added, present=None)


@require_http_methods(["GET", "POST"])
@require_prompt_editor
def edit_action(request: ConsoleRequest, prompt_id: str, interaction: str, position: int) -> HttpResponse:
    """Change one action's parameters."""
    configs = configured_actions(app_id=request.engage_app.id, prompt_id=prompt_id, interaction=interaction)
    if position >= len(configs):
        raise Http404
    present = describe_action(configs[position])
    return _edit(
        request,
        prompt_id,
        interaction,
        present["action"],
        lambda action: configuration.edited(position, action),
        present=present,
    )


def _edit(
    request: ConsoleRequest,
    prompt_id: str,
    interaction: str,
    action: str,
    change: Callable[[dict[str, Any]], Change],
    *,
    present: dict[str, Any] | None,
) -> HttpResponse:
    app_id = request.engage_app.id
    found = {"prompt": find_prompt(app_id, prompt_id), "interaction": find_interaction(interaction)}
    connection = serving_connection(app_id=app_id)
    if connection is None:
        messages.error(request, "This App is not connected to Stripe. An App admin can connect it.")
        return redirect("stripe_actions:prompt", prompt_id)
    definition = get_action(action)
    narrows = request.method == "POST" and is_narrowing(request.POST, definition)
    form = ActionForm(
        request.POST or None,
        definition=definition,
        connection=connection,
        present=present,
        options_url=lambda field: reverse("stripe_actions:options", args=[prompt_id, interaction, action, field]),
        narrows=narrows,
    )
    if form.is_valid() and _change(request, prompt_id, interaction, change(form.configured())):
        return redirect("stripe_actions:prompt", prompt_id)
    configs = configured_actions(app_id=app_id, prompt_id=prompt_id, interaction=interaction)
    context = {
        **found,
        "definition": form.definition,
        "form": form,
        "version": request.POST.get("version") or list_version(configs),
        "is_new": present is None,
    }
    status = 422 if form.errors else 200
    return render(request, _template(request, "actions/edit_action.html"), context, status=status)


@require_GET
@require_prompt_editor
def options(request: ConsoleRequest, prompt_id: str, interaction: str, action: str, field: str) -> HttpResponse:
    """The options of one picker for ``?{field}_search=`` and the form's other values: for HTMX."""
    find_prompt(request.engage_app.id, prompt_id)
    find_interaction(interaction)
    connection = serving_connection(app_id=request.engage_app.id)
    if connection is None or action not in {definition.key for definition in ACTIONS}:
        raise Http404
    form = ActionForm(
        request.GET,
        definition=get_action(action),
        connection=connection,
        present=None,
        options_url=lambda name: reverse("stripe_actions:options", args=[prompt_id, interaction, action, name]),
        narrows=True,
    )
    return answer_with_options(request, form, field)


@require_POST
@require_prompt_editor
def change_action(
    request: ConsoleRequest, prompt_id: str, interaction: str, position: int, verb: str
) -> HttpResponse:
    """One of the buttons beside an action: up, down, move, duplicate, toggle, remove."""
    app_id = request.engage_app.id
    find_prompt(app_id, prompt_id)
    configs = configured_actions(app_id=app_id, prompt_id=prompt_id, interaction=interaction)
    if position >= len(configs):
        raise Http404
    changes: dict[str, Change] = {
        "up": configuration.moved(position, position - 1),
        "down": configuration.moved(position, position + 1),
        "move": configuration.moved(position, _number(request.POST.get("to"), default=position)),
        "duplicate": configuration.duplicated(position),
        "toggle": configuration.toggled(position),
        "remove": configuration.removed(position),
    }
    if verb not in changes:
        raise Http404
    place = position
    if _change(request, prompt_id, interaction, changes[verb]):
        place = _place_after(verb, position, request.POST.get("to"))
    page = reverse("stripe_actions:prompt", args=[prompt_id])
    return redirect(f"{page}#{_anchor(interaction, place, verb, app_id, prompt_id)}")


def _place_after(verb: str, position: int, to: str | None) -> int:
    places = {"up": position - 1, "down": position + 1, "duplicate": position + 1}
    return _number(to, default=position) if verb == "move" else places.get(verb, position)


def _anchor(interaction: str, place: int, verb: str, app_id: UUID, prompt_id: str) -> str:
    """The button to go on with: browsers focus what a fragment names, so the keyboard stays where it was."""
    last = len(configured_actions(app_id=app_id, prompt_id=prompt_id, interaction=interaction)) - 1
    if last < 0:
        return interaction
    place = min(max(place, 0), last)
    if verb in {"up", "down"} and last > 0:
        verb = {0: "down", last: "up"}.get(place, verb)  # the other one is disabled there
    return f"{interaction}-{place}" if verb == "move" else f"{interaction}-{place}-{verb}"


def _change(request: ConsoleRequest, prompt_id: str, interaction: str, change: Change) -> bool:
    try:
        change_actions(
            app_id=request.engage_app.id,
            prompt_id=prompt_id,
            interaction=interaction,
            version=request.POST.get("version", ""),
            changed_by=request.user.get_username(),
            change=change,
        )
    except ConnectorError as error:
        messages.error(request, error.user_message)
        return False
    return True


def find_prompt(app_id: UUID, prompt_id: str) -> HostPrompt:
    """The App's prompt, or the 404 page."""
    found = get_host().prompt(app_id, prompt_id)
    if found is None:
        raise Http404
    return found


def find_interaction(interaction: str) -> Interaction:
    """The interaction, or the 404 page."""
    if interaction not in Interaction.values:
        raise Http404
    return Interaction(interaction)


def _number(text: str | None, *, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else default


def _template(request: ConsoleRequest, name: str) -> str:
    """The partial for the dialog, the page for everybody else: the same address works without JavaScript."""
    is_dialog = getattr(request, "htmx", False) and request.method == "GET"
    return f"{name}#dialog" if is_dialog else name
