"""What a click would come to for one user, without changing anything."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from actions.amounts import estimate_amounts, exact_amounts
from actions.definition import StripeRequest
from actions.definitions.shared import INVOICE_READ
from actions.models import ActionConfig, ActionExecution, Execution
from actions.outcomes import Outcome, outcome_of_error
from actions.performing import prepare
from actions.pickers import names_of, references_of
from actions.registry import get_action
from actions.selectors import enabled_actions
from connector.errors import ConflictError, ConnectorError
from connector.models import Connection
from connector.permissions import allows
from connector.selectors import serving_connection
from connector.stripe_gateway import StripeGateway

READY = "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """``status`` is ``ready`` where the request would be sent, else the outcome that comes without one.

    ``amounts`` is ``{"currency", "due_now", "proration", "exact"}`` in minor units, None where nothing is
    billed.
    """

    action: str
    summary: str
    status: str
    message: str
    amounts: dict[str, Any] | None = None
    request: StripeRequest | None = None


def preview_interaction(*, app_id: UUID, prompt_id: str, interaction: str, user_id: str) -> list[Preview]:
    """Every enabled action by itself, as the subscription is now. Raises ``ConflictError`` without a
    connection.
    """
    connection = serving_connection(app_id=app_id)
    if connection is None:
        raise ConflictError("not_connected", "This App has no active Stripe connection. An App admin can add one.")
    configs = enabled_actions(app_id=app_id, prompt_id=prompt_id, interaction=interaction)
    return [_preview(config, connection, user_id) for config in configs]


def _preview(config: ActionConfig, connection: Connection, user_id: str) -> Preview:
    summary = summarize(config, connection)
    gateway = StripeGateway(connection, priority="click")
    action = _never_saved(config, connection, user_id)
    try:
        prepared = prepare(action, gateway)
    except ConnectorError as error:
        prepared = outcome_of_error(error)
    if isinstance(prepared, Outcome):
        return Preview(action=config.action, summary=summary, status=prepared.status, message=prepared.message)
    return Preview(
        action=config.action,
        summary=summary,
        status=READY,
        message="The click would make this change.",
        amounts=_amounts(connection, gateway, prepared, action.before),
        request=prepared,
    )


def _never_saved(config: ActionConfig, connection: Connection, user_id: str) -> ActionExecution:
    execution = Execution(
        app_id=connection.app_id,
        connection=connection,
        prompt_id=config.prompt_id,
        interaction=config.interaction,
        user_id=user_id,
    )
    return ActionExecution(
        execution=execution,
        position=config.position,
        action=config.action,
        parameters=config.parameters,
        target=config.target,
        idempotency_key="preview",
    )


def _amounts(
    connection: Connection, gateway: StripeGateway, request: StripeRequest, before: dict[str, Any]
) -> dict[str, Any] | None:
    if request.operation != "update_subscription" or "items" not in request.params:
        return None
    if not allows(connection, INVOICE_READ):
        return estimate_amounts(connection, request, before)
    try:
        return exact_amounts(gateway, request)
    except ConnectorError:
        return estimate_amounts(connection, request, before)


def summarize(config: ActionConfig, connection: Connection | None) -> str:
    """``switch the user's plan to Pro, $20 a month, now, …``"""
    definition = get_action(config.action)
    references = references_of(definition.parameters, config.parameters) + list(config.target or [])
    names = names_of(connection, references)
    text = definition.summarize(config.parameters, names)
    if config.target:
        text += f" (for users on {' or '.join(names.get(price, price) for price in config.target)})"
    return text
