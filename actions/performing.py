"""One action of a click: decide the request, save it, send it, judge the answer."""

from dataclasses import dataclass, replace

from actions.definition import ActionDefinition, Click, Needs, StripeRequest
from actions.limits import TakenOverError, reserve
from actions.models import ActionExecution, Execution, Status
from actions.outcomes import NotAllowedError, Outcome, outcome_of_error
from actions.reading_back import key_has_expired, read_outcome
from actions.recording import record, record_answer
from actions.registry import get_action
from actions.requests import send
from actions.stripe_state import snapshot
from actions.targets import Target, resolve_target
from connector.errors import ConnectorError, StripeError
from connector.permissions import allows
from connector.stripe_gateway import Fetched, StripeGateway


@dataclass(frozen=True, slots=True)
class Due:
    """The time of a change that was put off has come. ``late_since`` (epoch seconds) is set where it is over."""

    late_since: int | None = None


def perform(action: ActionExecution, *, gateway: StripeGateway, due: Due | None = None) -> None:
    """Take the action as far as it goes now. Running it again continues or repeats, and never changes twice.

    ``due`` is given for a change that was put off: then it raises a ``ConnectorError`` that may pass.
    """
    action.attempts += 1
    before = gateway.seconds_at_stripe
    try:
        outcome, answer = _proceed(action, gateway, due)
    except TakenOverError:
        action.refresh_from_db()
        return
    action.seconds_at_stripe += gateway.seconds_at_stripe - before
    if answer is not None and answer.data.get("object") == "subscription":
        record_answer(action, outcome, answer, gateway)
    else:
        record(action, outcome, answer=answer)


def _proceed(action: ActionExecution, gateway: StripeGateway, due: Due | None) -> tuple[Outcome, Fetched | None]:
    """The outcome, and Stripe's answer where a request was made and not refused."""
    try:
        definition = get_action(action.action)
        request = StripeRequest(**action.request) if action.request else None
        if request is None:
            prepared = prepare(action, gateway, due=due)
            if isinstance(prepared, Outcome):
                if prepared.status is Status.PENDING:
                    reserve(action, None)
                return prepared, None
            request = prepared
            reserve(action, request.as_stored(), is_due=due is not None)
    except ConnectorError as error:
        if due is not None and error.retryable:
            raise
        return outcome_of_error(error), None
    return _send(action, definition, request, gateway)


def prepare(action: ActionExecution, gateway: StripeGateway, *, due: Due | None = None) -> StripeRequest | Outcome:
    """The request that the action needs now, or the outcome where none is needed. Reads only.

    Notes on the (unsaved) action what it is about. Raises ``NotAllowedError``, ``StripeError``.
    """
    return get_action(action.action).prepare(look(action, gateway, due=due))


def look(action: ActionExecution, gateway: StripeGateway, *, due: Due | None = None) -> Click:
    """What the action is about, read fresh, once it is known to be possible for the subscription's status."""
    execution, definition = action.execution, get_action(action.action)
    check_permissions(definition, execution)
    target = resolve_target(
        connection=execution.connection,
        gateway=gateway,
        identity=execution.identity,
        prices=action.target or (),
        subscription_id=action.subscription if due else "",
    )
    action.customer = target.customer
    if target.subscription:
        action.subscription = target.subscription["id"]
        action.before = snapshot(target.subscription)
    check_status(definition, target)
    return Click(
        connection=execution.connection,
        gateway=gateway,
        parameters=action.parameters,
        user_id=execution.user_id,
        customer=target.customer,
        subscription=target.subscription,
        subscriptions=target.subscriptions,
        target=tuple(action.target or ()),
        plans=execution.plans,
        now=target.now,
        reference=action.idempotency_key,
        is_due=due is not None,
        late_since=due.late_since if due else None,
    )


def check_permissions(definition: ActionDefinition, execution: Execution) -> None:
    """Raises ``NotAllowedError`` naming what the key lacks."""
    missing = [name for name in definition.required_permissions if not allows(execution.connection, name)]
    if missing:
        raise NotAllowedError(
            "permission_missing",
            f"The Stripe key lacks {', '.join(missing)}. An App admin can add it in Settings.",
        )


def check_status(definition: ActionDefinition, target: Target) -> None:
    """Raises ``NotAllowedError`` where the subscription is missing or in a status the action is not for."""
    if definition.needs is not Needs.SUBSCRIPTION:
        return
    if target.subscription is None:
        raise NotAllowedError("no_subscription", "The user has no subscription.")
    status = target.subscription["status"]
    if status not in definition.statuses:
        raise NotAllowedError(
            f"status_{status}",
            f"“{definition.label}” is not possible for a subscription that is {status.replace('_', ' ')}.",
        )


def _send(
    action: ActionExecution, definition: ActionDefinition, request: StripeRequest, gateway: StripeGateway
) -> tuple[Outcome, Fetched | None]:
    try:
        answer = None if key_has_expired(action) else _answer(action, request, gateway)
        if answer is None:
            return read_outcome(action, definition, request, gateway)
    except StripeError as error:
        return _outcome_of_sending(action, request, error), None
    return definition.read_back(request, answer.data), answer


def _answer(action: ActionExecution, request: StripeRequest, gateway: StripeGateway) -> Fetched | None:
    """None where Stripe only repeats a failure that it has stored under the key. The click itself leaves that to the
    settling task: a state read seconds later shows what Stripe was still at.
    """
    try:
        return send(gateway, request, key=action.idempotency_key)
    except StripeError as error:
        if action.attempts > 1 and error.outcome_unknown and error.replayed:
            return None
        raise


def _outcome_of_sending(action: ActionExecution, request: StripeRequest, error: StripeError) -> Outcome:
    """A refusal is final; of a payment, it may leave an invoice that the user can pay. Anything else leaves
    open what an earlier attempt under the same key has done.
    """
    link = request.facts.get("url", "")
    if error.http_status == 402 and link:
        return replace(outcome_of_error(error), status=Status.REQUIRES_ACTION, url=link)
    is_refusal = not error.retryable and not error.outcome_unknown
    lost_access = error.http_status in {401, 403} and action.attempts > 1
    if is_refusal and not lost_access:
        return outcome_of_error(error)
    return Outcome(
        status=Status.UNKNOWN,
        code=error.code,
        message="Stripe has not confirmed this yet. It is being settled; ask again in a moment.",
        retryable=True,
        request_id=error.request_id or "",
    )
