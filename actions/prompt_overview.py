"""Which prompts act at Stripe, and which of them would be refused now: for lists of prompts."""

from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

from actions.availability import list_availability
from actions.models import ActionConfig
from actions.pickers import references_of
from actions.registry import get_action
from connector.models import Connection
from sync.catalogue_entries import find_unusable


@dataclass(frozen=True, slots=True)
class PromptOverview:
    """``actions`` counts the enabled ones; ``troubled`` those of them that a click would be refused with."""

    actions: int
    troubled: int


def overview_of_prompts(*, app_id: UUID, connection: Connection | None) -> dict[str, PromptOverview]:
    """By prompt id, prompts without enabled actions left out. A constant number of statements."""
    configs = list(ActionConfig.objects.filter(app_id=app_id, enabled=True))
    unavailable = {one.definition.key for one in list_availability(connection) if one.why_not}
    references = {config.pk: _references(config) for config in configs}
    used = {reference for found in references.values() for reference in found}
    unusable = find_unusable(connection, used) if connection else {}
    by_prompt: dict[str, list[bool]] = defaultdict(list)
    for config in configs:
        troubled = config.action in unavailable or not unusable.keys().isdisjoint(references[config.pk])
        by_prompt[config.prompt_id].append(troubled)
    return {prompt: PromptOverview(len(found), sum(found)) for prompt, found in by_prompt.items()}


def _references(config: ActionConfig) -> list[str]:
    needed = tuple(one for one in get_action(config.action).parameters if not one.also_past)
    return references_of(needed, config.parameters)
