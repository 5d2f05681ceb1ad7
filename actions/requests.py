"""The requests that actions make, by name: the only place where a stored request becomes a call."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from actions.definition import StripeRequest
from actions.period_end import switch_at_period_end
from connector.errors import StripeError
from connector.stripe_gateway import Fetched, StripeGateway
from sync.traits import ENDED

SCHEDULED_SWITCH = "switch_at_period_end"
Send = Callable[[StripeGateway, StripeRequest, str], Fetched]


def send(gateway: StripeGateway, request: StripeRequest, *, key: str) -> Fetched:
    """Send the request under the idempotency key. Sending it again changes nothing more.

    A schedule of ours that stands in the way is released. Raises ``StripeError``.
    """
    if request.releases and not request.releases_last:
        _release(gateway, request.releases)
    answer = OPERATIONS[request.operation](gateway, request, key)
    release_last(gateway, request)
    return answer


def release_last(gateway: StripeGateway, request: StripeRequest) -> None:
    """The request has succeeded: a schedule of ours that was kept until then has to go."""
    if request.releases and request.releases_last:
        _release(gateway, request.releases)


def _release(gateway: StripeGateway, schedule: str) -> None:
    """A second time, Stripe says that there is nothing to release."""
    try:
        gateway.release_subscription_schedule(schedule, {"preserve_cancel_date": True})
    except StripeError as error:
        if error.http_status not in {400, 404}:
            raise
        # It ended or was released by something else in this moment: what was wanted.


def _params(request: StripeRequest) -> Any:
    """In one order, always: a database does not keep the order of names, and a repeated request must be the same
    word for word, or Stripe takes the key for misused. Stored JSON has lost its static type."""
    return cast("Any", _in_order(request.params))


def _in_order(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _in_order(value[name]) for name in sorted(value)}
    return [_in_order(one) for one in value] if isinstance(value, list) else value


def _create_subscription(gateway: StripeGateway, request: StripeRequest, key: str) -> Fetched:
    return gateway.create_subscription(_params(request), idempotency_key=key)


def _update_subscription(gateway: StripeGateway, request: StripeRequest, key: str) -> Fetched:
    return gateway.update_subscription(request.id, _params(request), idempotency_key=key)


def _cancel_subscription(gateway: StripeGateway, request: StripeRequest, key: str) -> Fetched:  # noqa: ARG001
    """v1 DELETE knows no idempotency keys: read first, and take an ended subscription for the answer. One that ends
    between the two, by an earlier attempt that Stripe was still at, is no longer there to be canceled.
    """
    current = _read_subscription(gateway, request)
    if current.data["status"] in ENDED:
        return current
    try:
        return gateway.cancel_subscription(request.id, _params(request))
    except StripeError as error:
        if error.http_status != 404:
            raise
        current = _read_subscription(gateway, request)
        if current.data["status"] not in ENDED:
            raise
        return current


def _read_subscription(gateway: StripeGateway, request: StripeRequest) -> Fetched:
    return gateway.retrieve("subscriptions", request.id, expand=request.params.get("expand", ()))


def _pause_subscription(gateway: StripeGateway, request: StripeRequest, key: str) -> Fetched:
    return gateway.pause_subscription(request.id, _params(request), idempotency_key=key)


def _resume_subscription(gateway: StripeGateway, request: StripeRequest, key: str) -> Fetched:
    return gateway.resume_subscription(request.id, _params(request), idempotency_key=key)


def _pay_invoice(gateway: StripeGateway, request: StripeRequest, key: str) -> Fetched:
    return gateway.pay_invoice(request.id, _params(request), idempotency_key=key)


def _record_meter_event(gateway: StripeGateway, request: StripeRequest, key: str) -> Fetched:
    return gateway.record_meter_event(_params(request), idempotency_key=key)


def record_usage_again(gateway: StripeGateway, request: StripeRequest, *, key: str) -> Fetched:
    """Under a new key: an event that Stripe has by its identifier already is refused, and is what was wanted.

    https://docs.stripe.com/api/billing/meter-event/create#create_billing_meter_event-identifier
    """
    try:
        return _record_meter_event(gateway, request, key)
    except StripeError as error:
        identifier = request.params["identifier"]
        if error.http_status != 400 or identifier not in error.stripe_message:
            raise
        return Fetched(data={"identifier": identifier}, rank=0, request_id=error.request_id or "")


def _create_portal_session(gateway: StripeGateway, request: StripeRequest, key: str) -> Fetched:  # noqa: ARG001
    return gateway.create_portal_session(_params(request))


OPERATIONS: Mapping[str, Send] = {
    "create_subscription": _create_subscription,
    "update_subscription": _update_subscription,
    "cancel_subscription": _cancel_subscription,
    "pause_subscription": _pause_subscription,
    "resume_subscription": _resume_subscription,
    SCHEDULED_SWITCH: switch_at_period_end,
    "pay_invoice": _pay_invoice,
    "record_meter_event": _record_meter_event,
    "create_portal_session": _create_portal_session,
}
