"""A click: run an interaction's actions, in order, once.

``execute`` commits the execution before anything is sent, and ``run`` can be called on it again by anybody
who holds the user's lock: it continues where the last one stopped. No transaction is open across a call to
Stripe.
"""

import time
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from actions import click_rows
from actions.models import ActionConfig, ActionExecution, Execution, OnError, Status
from actions.opening import Configured, open_click
from actions.outcomes import Outcome
from actions.performing import perform
from actions.recording import record
from actions.selectors import SAME_CLICK, recent_execution
from actions.signals import Result
from connector.errors import ConflictError, ConnectorError, NotFoundError
from connector.stripe_gateway import StripeGateway
from sync.locks import hold_within

ANSWER_WITHIN = 8.5  # seconds; the promise to callers is ten
CUT_OFF_AFTER = timedelta(seconds=20)  # a click that is not done by then was cut off


def execute(
    *,
    app_id: UUID,
    prompt_id: str,
    interaction: str,
    user_id: str,
    idempotency_key: str | None = None,
    source: str = Execution.Source.API,
) -> Execution:
    """Run the interaction's enabled actions for the user, and answer within ten seconds.

    The same ``idempotency_key`` gives the same execution; without one, the same user, interaction and
    configuration do within ten seconds. Raises ``NotFoundError`` for an unknown user, ``ConflictError``
    without an active connection or for a key that was used for something else, ``ConnectorError`` (retryable)
    while another click of the user takes too long.
    """
    arrived = time.monotonic()
    lock = clicks_lock(app_id, user_id)
    opened = open_click(app_id=app_id, prompt_id=prompt_id, interaction=interaction, user_id=user_id, lock=lock)
    if opened is None:
        raise ConflictError("not_connected", "This App has no active Stripe connection. An App admin can add one.")
    wanted = Execution(
        app_id=app_id,
        connection=opened.connection,
        prompt_id=prompt_id,
        interaction=interaction,
        user_id=user_id,
        source=source,
    )
    with hold_within(lock, int(ANSWER_WITHIN * 1000), has_it=opened.has_lock) as held:
        if opened.identity is None:
            raise NotFoundError("user_not_found", "No user with this id is known. Import the identity CSV first.")
        wanted.identity, wanted.plans = opened.identity, opened.plans
        execution = _find_or_commit(wanted, opened.configured, idempotency_key, arrived=arrived, may_commit=held)
        if held and execution.state == Execution.State.RUNNING:
            run(execution, deadline=arrived + ANSWER_WITHIN)
    return execution


def clicks_lock(app_id: UUID, user_id: str) -> str:
    """The lock under which all clicks of one user run."""
    return f"clicks:{app_id}:{user_id}"


def _find_or_commit(
    wanted: Execution,
    configured: Configured,
    idempotency_key: str | None,
    *,
    arrived: float,
    may_commit: bool,
) -> Execution:
    wanted.config_version = configured.version
    wanted.idempotency_key = idempotency_key or str(wanted.id)
    # A click by key is the same one however late; one without a key, for as long as a double click takes.
    double = timedelta() if idempotency_key else SAME_CLICK + timedelta(seconds=time.monotonic() - arrived)
    steps = _steps(wanted, configured.actions)
    if may_commit and click_rows.insert(wanted, steps, settle_in=CUT_OFF_AFTER, unless_within=double):
        return wanted
    found = recent_execution(wanted, idempotency_key=idempotency_key, within=double)
    if found is None:
        raise ConnectorError("busy", "Another click of this user is still running. Try again.", retryable=True)
    return _same_click(found, wanted)


def _same_click(found: Execution, wanted: Execution) -> Execution:
    for name in ("prompt_id", "interaction", "user_id"):
        if getattr(found, name) != getattr(wanted, name):
            raise _reused(name)
    return found


def _reused(name: str) -> ConflictError:
    return ConflictError("idempotency_key_reused", f"This idempotency key was used before, with another {name}.")


def _steps(execution: Execution, configs: Sequence[ActionConfig]) -> list[ActionExecution]:
    return [
        ActionExecution(
            execution=execution,
            position=config.position,
            action=config.action,
            parameters=dict(config.parameters),
            target=config.target and list(config.target),
            on_error=config.on_error,
            idempotency_key=f"engage-{execution.id}-{config.position}",
        )
        for config in configs
    ]


def run(execution: Execution, *, deadline: float) -> None:
    """Take every action as far as it goes before ``deadline`` (of ``time.monotonic``). Hold the user's lock."""
    gateway = StripeGateway(execution.connection, priority="click", answer_by=deadline)
    stopped = False
    for step in execution.steps:
        if stopped:
            record(step, Outcome(status=Status.SKIPPED, message="An earlier action did not succeed."))
        elif not Status(step.status).is_settled:
            if time.monotonic() >= deadline:
                break
            perform(step, gateway=gateway)
        if not Status(step.status).is_settled:
            break
        stopped = stopped or (Status(step.status).is_error and step.on_error == OnError.STOP)
    finish(execution)


def finish(execution: Execution) -> None:
    """Close the execution, or have it settled soon: https://docs.stripe.com/error-low-level#network-errors"""
    unsettled = [step for step in execution.steps if not Status(step.status).is_settled]
    if unsettled:
        attempts = max(step.attempts for step in unsettled)
        click_rows.settle_later(execution, min(5 * 2**attempts, 600) * timedelta(seconds=1))
        return
    if execution.state != Execution.State.DONE:  # the last outcome has closed it, where there was one
        click_rows.finish(execution)
    Result.send_robust(Execution, execution=execution)
