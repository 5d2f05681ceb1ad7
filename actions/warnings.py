"""What a designer should know about a configured action that worked once and would not now."""

from actions.availability import list_availability
from actions.models import ActionConfig
from actions.period_end import PERMISSION as SCHEDULE_PERMISSION
from actions.pickers import references_of
from actions.registry import get_action
from connector.models import Connection
from connector.permissions import allows
from sync.catalogue_entries import find_unusable


def warnings_about(config: ActionConfig, connection: Connection | None) -> list[str]:
    """Sentences; empty where all is well."""
    if connection is None:
        return ["This App is not connected to Stripe."]
    found = [*_missing_permission(config, connection), *_gone(config, connection)]
    waits = config.parameters.get("timing") == "period_end" and config.action == "update_subscription"
    if waits and not allows(connection, SCHEDULE_PERMISSION):
        found.append(
            "Engage makes this switch itself, ten minutes before the period ends. "
            f"With {SCHEDULE_PERMISSION}, Stripe does."
        )
    return found


def _missing_permission(config: ActionConfig, connection: Connection) -> list[str]:
    availability = next(one for one in list_availability(connection) if one.definition.key == config.action)
    return [availability.why_not] if availability.why_not else []


def _gone(config: ActionConfig, connection: Connection) -> list[str]:
    used = references_of(get_action(config.action).parameters, config.parameters)
    unusable = find_unusable(connection, [*used, *(config.target or [])])
    gone = [
        f"{reference} {unusable[reference]}. Choose another one." for reference in used if reference in unusable
    ]
    if any(price in unusable for price in config.target or []):
        gone.append("A targeted plan is archived; users on it can still click.")
    return gone
