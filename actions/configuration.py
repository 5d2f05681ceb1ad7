"""Writing an interaction's actions: the whole list at once, each change kept."""

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from actions.catalogue import find_entry
from actions.models import ActionConfig, ConfigChange, OnError
from actions.parameters import Parameter, Picker, clean_parameters
from actions.registry import get_action
from actions.selectors import configured_actions
from connector.errors import ConflictError, ConnectorError, InvalidInputError
from connector.models import Connection
from connector.selectors import serving_connection
from sync.models import Coupon, Price, PromotionCode
from sync.models.mirrors import Mirrored

MOST_ACTIONS = 20


def replace_actions(
    *, app_id: UUID, prompt_id: str, interaction: str, actions: Sequence[dict[str, Any]], changed_by: str
) -> list[ActionConfig]:
    """Make ``actions`` (the body of the API's ``PUT``) the interaction's actions, in this order.

    Raises ``InvalidInputError``; its ``details`` tell the index of the action that is not right. An unchanged
    list leaves no trace.
    """
    if len(actions) > MOST_ACTIONS:
        raise InvalidInputError("too_many_actions", f"An interaction can have at most {MOST_ACTIONS} actions.")
    connection = serving_connection(app_id=app_id)
    cleaned = [_clean(index, action, connection) for index, action in enumerate(actions)]
    where = {"app_id": app_id, "prompt_id": prompt_id, "interaction": interaction}
    with transaction.atomic():
        present = configured_actions(app_id=app_id, prompt_id=prompt_id, interaction=interaction)
        if [describe_action(config) for config in present] == cleaned:
            return present
        ActionConfig.objects.filter(**where).delete()
        made = ActionConfig.objects.bulk_create(
            ActionConfig(**where, position=position, **action) for position, action in enumerate(cleaned)
        )
        ConfigChange.objects.create(**where, changed_by=changed_by, actions=cleaned)
    return made


def describe_action(config: ActionConfig) -> dict[str, Any]:
    """One action as the API reads and writes it."""
    return {
        "action": config.action,
        "parameters": config.parameters,
        "target": config.target,
        "on_error": config.on_error,
        "enabled": config.enabled,
    }


def _clean(index: int, action: dict[str, Any], connection: Connection | None) -> dict[str, Any]:
    try:
        definition = get_action(action["action"])
        parameters = clean_parameters(definition.parameters, action.get("parameters", {}))
        if wrong := definition.check(parameters):
            raise InvalidInputError("invalid_parameters", wrong)
        _check_catalogue(definition.parameters, parameters, connection)
        _check_target(action.get("target"), connection)
    except ConnectorError as error:
        error.details = {"index": index, **error.details}
        raise
    return {
        "action": definition.key,
        "parameters": parameters,
        "target": action.get("target") or None,
        "on_error": action.get("on_error") or OnError.STOP.value,
        "enabled": action.get("enabled", True),
    }


_KINDS: dict[Picker, tuple[type[Mirrored], str]] = {
    Picker.PLAN: (Price, "plan"),
    Picker.COUPON: (Coupon, "coupon"),
    Picker.PROMOTION_CODE: (PromotionCode, "promotion code"),
}


def _check_catalogue(
    parameters: tuple[Parameter, ...], values: dict[str, Any], connection: Connection | None
) -> None:
    """Plans, coupons and codes must be there to be chosen. Without a connection nothing can be looked up."""
    if connection is None:
        return
    gone = {}
    for parameter in parameters:
        kind, value = _KINDS.get(parameter.picker), values[parameter.name]
        if kind and value and find_entry(kind[0], connection=connection, stripe_id=value) is None:
            gone[parameter.name] = f"This Stripe account has no {kind[1]} “{value}”."
    if gone:
        raise InvalidInputError(
            "not_in_catalogue", "A plan, coupon or code is not at Stripe; see details.", details={"fields": gone}
        )


def _check_target(target: list[str] | None, connection: Connection | None) -> None:
    for price in target or []:
        if connection and find_entry(Price, connection=connection, stripe_id=price) is None:
            raise InvalidInputError(
                "not_in_catalogue",
                "A targeted plan is not at Stripe; see details.",
                details={"fields": {"target": f"This Stripe account has no plan “{price}”."}},
            )


Change = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]


def change_actions(
    *, app_id: UUID, prompt_id: str, interaction: str, version: str, changed_by: str, change: Change
) -> None:
    """Read the interaction's actions, ``change`` the list, write it. Raises ``ConflictError`` where somebody
    else has changed it since the page with ``version`` was made, and what ``replace_actions`` raises.
    """
    present = configured_actions(app_id=app_id, prompt_id=prompt_id, interaction=interaction)
    if list_version(present) != version:
        raise ConflictError(
            "changed_meanwhile", "Somebody else has changed these actions. Look again, then repeat."
        )
    replace_actions(
        app_id=app_id,
        prompt_id=prompt_id,
        interaction=interaction,
        actions=change([describe_action(config) for config in present]),
        changed_by=changed_by,
    )


def list_version(configs: Sequence[ActionConfig]) -> str:
    """A fingerprint of the whole list, disabled actions included."""
    described = json.dumps([describe_action(config) for config in configs], sort_keys=True)
    return hashlib.sha256(described.encode()).hexdigest()[:16]


def added(action: dict[str, Any]) -> Change:
    return lambda actions: [*actions, action]


def edited(position: int, action: dict[str, Any]) -> Change:
    return lambda actions: [action if at == position else one for at, one in enumerate(actions)]


def removed(position: int) -> Change:
    return lambda actions: [one for at, one in enumerate(actions) if at != position]


def duplicated(position: int) -> Change:
    return lambda actions: [*actions[: position + 1], *actions[position:]]


def toggled(position: int) -> Change:
    return lambda actions: [
        one | {"enabled": not one["enabled"]} if at == position else one for at, one in enumerate(actions)
    ]


def moved(position: int, to: int) -> Change:
    """Take the action out and put it in again, so that it stands at ``to`` (moved to the nearest end if
    beyond).
    """

    def move(actions: list[dict[str, Any]]) -> list[dict[str, Any]]:
        rest = [one for at, one in enumerate(actions) if at != position]
        return [*rest[: max(to, 0)], actions[position], *rest[max(to, 0) :]]

    return move
