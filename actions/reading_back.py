"""What became of a request whose answer Stripe will never give: the state is read and compared with what was asked.

Stripe stores a failure under the idempotency key like any answer and repeats it for a day. Whether the change was made,
it does not say: https://docs.stripe.com/error-low-level#server-errors
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Literal

from django.utils import timezone

from actions.definition import REFERENCE, ActionDefinition, StripeRequest
from actions.definitions.shared import NOT_APPLIED, made_an_invoice
from actions.models import ActionExecution, Status
from actions.outcomes import Outcome
from actions.period_end import find_switch
from actions.requests import record_usage_again, release_last
from actions.stripe_state import Subscription, coupon_ids, discount_ids, period_end, reference_id
from connector.errors import StripeError
from connector.stripe_gateway import Fetched, StripeGateway

# Stripe keeps idempotency keys for at least 24 hours: https://docs.stripe.com/api/idempotent_requests
KEY_LIFETIME = timedelta(hours=23)
_NOT_MADE = Outcome(
    status=Status.FAILED,
    code=NOT_APPLIED,
    message="Stripe had a problem and did not make this change. It can be tried again.",
    retryable=True,
)


def key_has_expired(action: ActionExecution) -> bool:
    """Whether Stripe may have forgotten the action's key: repeating its request could do it again."""
    return action.started_at is not None and timezone.now() - action.started_at > KEY_LIFETIME


def read_outcome(
    action: ActionExecution, definition: ActionDefinition, request: StripeRequest, gateway: StripeGateway
) -> tuple[Outcome, Fetched | None]:
    """The outcome, and the object that shows it; none where the change was not made. What Stripe had done by half is
    undone. Raises ``StripeError``.
    """
    found = _FIND[request.operation](action, request, gateway)
    if found is None or not _is_changed(action, request, found.data):
        return _NOT_MADE, None
    outcome = definition.read_back(request, found.data)
    if outcome.code == NOT_APPLIED:
        return _NOT_MADE, None
    release_last(gateway, request)
    return outcome, found


def _find_subscription(_: ActionExecution, request: StripeRequest, gateway: StripeGateway) -> Fetched:
    return gateway.retrieve("subscriptions", request.id, expand=request.params.get("expand", ()))


def _find_created(action: ActionExecution, request: StripeRequest, gateway: StripeGateway) -> Fetched | None:
    """By our reference in its metadata. Lists are current at once, Stripe's search is not."""
    wanted: Any = {"customer": action.customer, "status": "all"}
    for page in gateway.subscriptions.pages(wanted):
        for one in page.items:
            if one["metadata"].get(REFERENCE) == action.idempotency_key:
                return gateway.retrieve("subscriptions", one["id"], expand=request.params["expand"])
    return None


def _find_switch(action: ActionExecution, request: StripeRequest, gateway: StripeGateway) -> Fetched | None:
    return find_switch(gateway, request, action.idempotency_key)


def _find_invoice(_: ActionExecution, request: StripeRequest, gateway: StripeGateway) -> Fetched:
    return gateway.retrieve("invoices", request.id)


def _find_usage(action: ActionExecution, request: StripeRequest, gateway: StripeGateway) -> Fetched:
    """A meter event cannot be read, but is taken once by its identifier, as long as Stripe remembers that."""
    if key_has_expired(action):
        raise StripeError("not_confirmed", "Whether Stripe did this could not be found out.", http_status=404)
    return record_usage_again(gateway, request, key=f"{action.idempotency_key}:{action.attempts}")


def _find_nothing(*_: object) -> None:
    """A link that nobody has seen is of no use."""


_FIND: Mapping[str, Callable[[ActionExecution, StripeRequest, StripeGateway], Fetched | None]] = {
    "create_subscription": _find_created,
    "update_subscription": _find_subscription,
    "cancel_subscription": _find_subscription,
    "pause_subscription": _find_subscription,
    "resume_subscription": _find_subscription,
    "switch_at_period_end": _find_switch,
    "pay_invoice": _find_invoice,
    "record_meter_event": _find_usage,
    "create_portal_session": _find_nothing,
}


def _is_changed(action: ActionExecution, request: StripeRequest, found: dict[str, Any]) -> bool:
    """What the definition need not look at in an answer to its own request, but in a state that may be the old one."""
    match request.operation:
        case "pay_invoice":
            return bool(found["status"] == "paid")
        case "resume_subscription":
            return found["status"] != "paused" or made_an_invoice(request, found)
        case "update_subscription" if not found.get("pending_update"):
            rules = ((rule, request.params[name]) for name, rule in _RULES.items() if name in request.params)
            return all(rule(wanted, action.before, found) for rule, wanted in rules)
        case _:
            return True


def _has_new_period(_: Any, before: dict[str, Any], found: Subscription) -> bool:
    return any(item["current_period_start"] > before["current_period_start"] for item in found["items"]["data"])


def _has_trial(wanted: int | str, _: dict[str, Any], found: Subscription) -> bool:
    return bool(found["status"] != "trialing" if wanted == "now" else found["trial_end"] == wanted)


def _has_discounts(wanted: list[dict[str, str]] | Literal[""], _: dict[str, Any], found: Subscription) -> bool:
    codes = [reference_id(one.get("promotion_code")) for one in found["discounts"] if isinstance(one, dict)]
    there = {"discount": discount_ids(found), "coupon": coupon_ids(found), "promotion_code": codes}
    named = [(kind, one) for entry in wanted or [] for kind, one in entry.items()]
    return len(named) == len(there["discount"]) and all(one in there[kind] for kind, one in named)


def _ends_with_period(wanted: bool, _: dict[str, Any], found: Subscription) -> bool:  # noqa: FBT001
    return bool(found["cancel_at_period_end"]) == wanted


def _ends(wanted: str, _: dict[str, Any], found: Subscription) -> bool:
    return (
        bool(found["cancel_at"] and found["cancel_at"] <= period_end(found)) if wanted else not found["cancel_at"]
    )


_RULES: Mapping[str, Callable[[Any, dict[str, Any], Subscription], bool]] = {
    "billing_cycle_anchor": _has_new_period,
    "trial_end": _has_trial,
    "discounts": _has_discounts,
    "cancel_at_period_end": _ends_with_period,
    "cancel_at": _ends,
}
