"""A prompt's page: what happens at Stripe on each of its five interactions, and who changed it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from actions.configuration import list_version
from actions.models import ActionConfig, ConfigChange, Interaction
from actions.registry import get_action
from actions.summaries import names_in, summarize_with
from actions.views import find_prompt
from actions.warnings import Warnings
from connector.access import ConsoleRequest, require_app
from connector.selectors import serving_connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One configured action as the page shows it."""

    config: ActionConfig
    label: str
    summary: str
    warnings: list[str]


@require_GET
@require_app
def prompt(request: ConsoleRequest, prompt_id: str) -> HttpResponse:
    """The five interactions with their actions, in order."""
    app_id = request.engage_app.id
    found = find_prompt(app_id, prompt_id)
    connection = serving_connection(app_id=app_id)
    configs = list(ActionConfig.objects.filter(app_id=app_id, prompt_id=prompt_id))
    names, warnings = names_in(configs, connection), Warnings(connection, configs)
    sections = [
        _section(interaction, [one for one in configs if one.interaction == interaction], names, warnings)
        for interaction in Interaction
    ]
    context = {
        "prompt": found,
        "connection": connection,
        "sections": sections,
        "may_edit": request.engage_role.may_edit_prompts,
    }
    return render(request, "actions/prompt.html", context)


def _section(
    interaction: Interaction, configs: list[ActionConfig], names: Mapping[str, str], warnings: Warnings
) -> dict[str, Any]:
    rows = [
        Row(
            config=config,
            label=get_action(config.action).label,
            summary=f"On {interaction.label}: {summarize_with(config, names)}.",
            warnings=warnings.about(config),
        )
        for config in configs
    ]
    return {"interaction": interaction, "rows": rows, "version": list_version(configs), "last": len(rows) - 1}


@require_GET
@require_app
def history(request: ConsoleRequest, prompt_id: str) -> HttpResponse:
    """Who changed this prompt's actions, when and to what."""
    app_id = request.engage_app.id
    found = find_prompt(app_id, prompt_id)
    changes = list(ConfigChange.objects.filter(app_id=app_id, prompt_id=prompt_id).order_by("-changed_at")[:100])
    configs = [[ActionConfig(**action) for action in change.actions] for change in changes]
    names = names_in([one for listed in configs for one in listed], serving_connection(app_id=app_id))
    told = [
        {"change": change, "actions": [_told(config, names) for config in listed]}
        for change, listed in zip(changes, configs, strict=True)
    ]
    return render(request, "actions/history.html", {"prompt": found, "changes": told})


def _told(config: ActionConfig, names: Mapping[str, str]) -> str:
    text = summarize_with(config, names)
    return text if config.enabled else f"(disabled) {text}"
