"""What a click would come to for one user, without changing anything."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeVar
from uuid import UUID

from actions.amounts import Amounts, NextInvoice, exact_amounts, upcoming
from actions.definition import Click, StripeRequest
from actions.definitions.shared import INVOICE_READ, subscription_of
from actions.effects import effect_of
from actions.estimates import estimated_amounts, estimated_upcoming
from actions.models import ActionConfig, ActionExecution, Execution, Status
from actions.outcomes import outcome_of_error
from actions.performing import look
from actions.registry import get_action
from actions.selectors import enabled_actions
from actions.stripe_state import main_item
from actions.summaries import summarize
from connector.errors import ConflictError, ConnectorError
from connector.models import Connection
from connector.permissions import allows
from connector.selectors import serving_connection
from connector.stripe_gateway import StripeGateway

READY = "ready"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """``status`` is ``ready`` where the request would be sent, else the outcome that comes without one.

    ``effect`` says in words what it means for the user; ``amounts`` are None where nothing is billed or nothing can
    be said.
    """

    action: str
    summary: str
    status: str
    message: str
    effect: str = ""
    amounts: Amounts | None = None
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
    gateway = StripeGateway(connection, priority="click")
    about = Preview(action=config.action, summary=summarize(config, connection), status=READY, message="")
    definition = get_action(config.action)
    try:
        click = look(_never_saved(config, connection, user_id), gateway)
        prepared = definition.prepare(click)
    except ConnectorError as error:
        prepared = outcome_of_error(error)
    if isinstance(prepared, StripeRequest):
        return _of_request(replace(about, message="The click would make this change."), click, prepared)
    about = replace(about, status=prepared.status, message=prepared.message)
    return _of_later_change(about, click) if prepared.status is Status.PENDING else about


def _of_later_change(about: Preview, click: Click) -> Preview:
    """A change that our own scheduler would make shortly before the period's end."""
    with suppress(ConnectorError):
        due = get_action(about.action).prepare(replace(click, is_due=True))
        if isinstance(due, StripeRequest):
            return _of_request(about, click, _as_switch(due, click))
    return about


def _as_switch(due: StripeRequest, click: Click) -> StripeRequest:
    """The same switch as a schedule of Stripe's would make it, which has the same price."""
    (item,) = due.params["items"]
    switched = main_item(subscription_of(click), click.target)
    facts = {
        "item": item["id"],
        "new_item": {name: value for name, value in item.items() if name != "id"},
        "discounts": due.params.get("discounts", []),
        "period_end": int(switched["current_period_end"]),
    }
    return replace(due, operation="switch_at_period_end", facts=facts)


def _of_request(about: Preview, click: Click, request: StripeRequest) -> Preview:
    amounts = _first_of(click, lambda: exact_amounts(click, request), lambda: estimated_amounts(click, request))

    def next_invoice() -> NextInvoice | None:
        return _first_of(click, lambda: upcoming(click), lambda: estimated_upcoming(click))

    effect = effect_of(click, request, amounts, next_invoice)
    return replace(about, effect=effect, amounts=amounts, request=request)


def _first_of(click: Click, ask: Callable[[], _T], reckon: Callable[[], _T]) -> _T:
    """Stripe's own figures where the key may read them and Stripe answers, else ours."""
    if allows(click.connection, INVOICE_READ):
        with suppress(ConnectorError):
            return ask()
    return reckon()


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
