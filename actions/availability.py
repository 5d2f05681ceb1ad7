"""Which actions the present Stripe key can do, and which permission would enable the others."""

from dataclasses import dataclass
from typing import Any

from actions.definition import ActionDefinition
from actions.models import ActionLimit
from actions.registry import ACTIONS
from connector.models import Connection
from connector.permissions import allows, describe_permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """``why_not`` is empty where the action can be used; ``also`` says what missing optional permissions
    would add.
    """

    definition: ActionDefinition
    why_not: str
    missing_permissions: tuple[str, ...] = ()
    also: dict[str, str]

    @property
    def is_available(self) -> bool:
        return not self.why_not


def list_availability(connection: Connection | None) -> list[Availability]:
    """Every action of the registry, in its order."""
    paused = set()
    if connection is not None:
        limits = ActionLimit.objects.filter(connection=connection, paused=True)
        paused = set(limits.values_list("action", flat=True))
    return [_judge(definition, connection, paused) for definition in ACTIONS]


def _judge(definition: ActionDefinition, connection: Connection | None, paused: set[str]) -> Availability:
    if connection is None:
        return Availability(definition=definition, why_not="This App is not connected to Stripe.", also={})
    missing = tuple(name for name in definition.required_permissions if not allows(connection, name))
    also = {name: what for name, what in definition.optional_permissions.items() if not allows(connection, name)}
    why_not = ""
    if missing:
        wanted = " and ".join(f"{describe_permission(name)} ({name})" for name in missing)
        why_not = f"The Stripe key lacks {wanted}."
    elif {"", definition.key} & paused:
        why_not = "It is switched off for this Stripe connection."
    return Availability(definition=definition, why_not=why_not, missing_permissions=missing, also=also)


def describe_availability(availability: Availability) -> dict[str, Any]:
    """One entry of ``GET actions/``; ``parameters`` is a JSON schema."""
    definition = availability.definition
    return {
        "action": definition.key,
        "label": definition.label,
        "description": definition.description,
        "parameters": {
            "type": "object",
            "additionalProperties": False,
            "properties": {parameter.name: parameter.json_schema() for parameter in definition.parameters},
            "required": [parameter.name for parameter in definition.parameters if parameter.required],
        },
        "statuses": sorted(definition.statuses),
        "available": availability.is_available,
        "why_not": availability.why_not or None,
        "missing_permissions": list(availability.missing_permissions),
        "missing_optional_permissions": availability.also,
    }
