"""What a designer should know about a configured action that worked once and would not now."""

from actions.availability import list_availability
from actions.models import ActionConfig
from actions.parameters import Picker
from actions.period_end import PERMISSION as SCHEDULE_PERMISSION
from actions.pickers import coupon_choices, plan_choices, promotion_code_choices
from actions.registry import get_action
from connector.models import Connection
from connector.permissions import allows


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
    usable = {
        Picker.PLAN: ("plan", _plans(connection)),
        Picker.COUPON: ("coupon", {value for value, _ in coupon_choices(connection)}),
        Picker.PROMOTION_CODE: ("promotion code", {value for value, _ in promotion_code_choices(connection)}),
    }
    gone = []
    for parameter in get_action(config.action).parameters:
        value = config.parameters.get(parameter.name)
        if value and parameter.picker in usable and value not in usable[parameter.picker][1]:
            gone.append(f"The {usable[parameter.picker][0]} {value} can no longer be used. Choose another one.")
    if set(config.target or []) - _plans(connection):
        gone.append("A targeted plan is archived; users on it can still click.")
    return gone


def _plans(connection: Connection) -> set[str]:
    return {value for _, group in plan_choices(connection) for value, _ in group}
