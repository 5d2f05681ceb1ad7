"""Writing an interaction's actions: the whole list at once, each change kept."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from actions.catalogue import find_entry
from actions.combinations import find_conflicts
from actions.definition import ActionDefinition
from actions.models import ActionConfig, ConfigChange, OnError
from actions.parameters import Picker, clean_parameters
from actions.registry import get_action
from actions.selectors import configured_actions
from connector.errors import ConflictError, ConnectorError, InvalidInputError
from connector.models import Connection
from connector.selectors import serving_connection
from sync.catalogue_selectors import coupon_is_held
from sync.locks import hold_in_transaction
from sync.models import Coupon, Price, PromotionCode
from sync.models.mirrors import Mirrored

MOST_ACTIONS = 20


def replace_actions(
    *,
    app_id: UUID,
    prompt_id: str,
    interaction: str,
    actions: Sequence[dict[str, Any]],
    changed_by: str,
    expected_version: str | None = None,
    before_writing: Callable[[], None] = lambda: None,
) -> list[ActionConfig]:
    """Make ``actions`` (the body of the API's ``PUT``) the interaction's actions, in this order.

    What is new must be possible; what was there already may stay, even where its plan is gone by now. Raises
    ``InvalidInputError``, whose ``details`` tell the index of the action that is not right, and ``ConflictError``
    where the list is not the ``expected_version`` any more. An unchanged list leaves no trace. ``before_writing`` is
    called in the transaction that writes. Call it outside of transactions: it may ask Stripe.
    """
    if len(actions) > MOST_ACTIONS:
        raise InvalidInputError("too_many_actions", f"An interaction can have at most {MOST_ACTIONS} actions.")
    where = {"app_id": app_id, "prompt_id": prompt_id, "interaction": interaction}
    connection = serving_connection(app_id=app_id)
    known = [describe_action(config) for config in ActionConfig.objects.filter(**where)]
    cleaned = [_clean(index, action, connection, known) for index, action in enumerate(actions)]
    with transaction.atomic():
        before_writing()
        hold_in_transaction(f"actions:{app_id}:{prompt_id}:{interaction}")
        present = configured_actions(app_id=app_id, prompt_id=prompt_id, interaction=interaction)
        if expected_version is not None and list_version(present) != expected_version:
            raise _changed_meanwhile()
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


def _clean(
    index: int, action: dict[str, Any], connection: Connection | None, known: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    try:
        definition = get_action(action["action"])
        cleaned = {
            "action": definition.key,
            "parameters": clean_parameters(definition.parameters, action.get("parameters", {})),
            "target": action.get("target") or None,
            "on_error": action.get("on_error") or OnError.STOP.value,
            "enabled": action.get("enabled", True),
        }
        if connection is None or not any(_does_the_same(cleaned, one) for one in known):
            check_possible(definition, cleaned["parameters"], cleaned["target"] or [], connection)
    except ConnectorError as error:
        error.details = {"index": index, **error.details}
        raise
    return cleaned


def _does_the_same(action: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(action[name] == other[name] for name in ("action", "parameters", "target"))


def check_possible(
    definition: ActionDefinition,
    parameters: Mapping[str, Any],
    target: Sequence[str],
    connection: Connection | None,
) -> None:
    """Raises ``InvalidInputError`` with ``details.fields`` where these cleaned parameters could never work.

    Without a connection nothing can be looked up.
    """
    if wrong := definition.check(parameters):
        raise InvalidInputError("invalid_parameters", " ".join(wrong.values()), details={"fields": wrong})
    if connection is None:
        return
    _check_catalogue(definition, parameters, target, connection)
    if conflicts := find_conflicts(definition, parameters, target, connection):
        raise InvalidInputError("not_possible", " ".join(conflicts.values()), details={"fields": conflicts})


_KINDS: dict[Picker, tuple[type[Mirrored], str]] = {
    Picker.PLAN: (Price, "plan"),
    Picker.COUPON: (Coupon, "coupon"),
    Picker.PROMOTION_CODE: (PromotionCode, "promotion code"),
}


def _check_catalogue(
    definition: ActionDefinition, values: Mapping[str, Any], target: Sequence[str], connection: Connection
) -> None:
    """Plans, coupons and codes must be there to be chosen; what the mirror lacks is looked for at Stripe."""
    used = [
        (one.name, _KINDS[one.picker], values[one.name])
        for one in definition.parameters
        if one.picker in _KINDS and not (one.also_past and coupon_is_held(connection, values[one.name] or ""))
    ]
    targeted = [("target", _KINDS[Picker.PLAN], price) for price in target]
    gone = {
        name: f"This Stripe account has no {noun} “{value}”."
        for name, (model, noun), value in [*used, *targeted]
        if value and find_entry(model, connection=connection, stripe_id=value) is None
    }
    if gone:
        raise InvalidInputError(
            "not_in_catalogue", "A plan, coupon or code is not at Stripe; see details.", details={"fields": gone}
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
        raise _changed_meanwhile()
    replace_actions(
        app_id=app_id,
        prompt_id=prompt_id,
        interaction=interaction,
        actions=change([describe_action(config) for config in present]),
        changed_by=changed_by,
        expected_version=version,
    )


def _changed_meanwhile() -> ConflictError:
    return ConflictError(
        "changed_meanwhile", "Somebody else has changed these actions. Look again, then repeat.", retryable=False
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
