"""Changes that were put off to the end of a period: made by our own scheduler, or by Stripe and then
confirmed.
"""

from datetime import timedelta

from django.utils import timezone

from actions.execution import clicks_lock, finish
from actions.models import ActionExecution, Status
from actions.outcomes import Outcome
from actions.performing import perform
from actions.recording import record
from actions.stripe_state import Subscription, items_of, reference_id, snapshot
from connector.errors import ConnectorError
from connector.stripe_gateway import StripeGateway
from sync.locks import try_hold

EXPAND = ("discounts", "discounts.source.coupon")
_APPLYING_TAKES = timedelta(minutes=1)  # a task that was killed, or Stripe that failed: tried again after this
_SUPERSEDED = "The plan was changed in another way before this was due, so it was left alone."
_AT_ONCE = 200


def claim_due() -> list[int]:
    """Ids of pending changes whose time has come. Nobody else gets them for a minute."""
    now = timezone.now()
    due = ActionExecution.objects.filter(status=Status.PENDING, apply_at__lte=now).order_by("apply_at")
    return [
        action_id
        for action_id in due.values_list("id", flat=True)[:_AT_ONCE]
        if due.filter(id=action_id).update(apply_at=now + _APPLYING_TAKES)
    ]


def apply_change(action_id: int) -> None:
    """Make the change, or see whether Stripe's schedule made it. A plan that was changed meanwhile is left
    alone.
    """
    action = ActionExecution.objects.select_related("execution__connection").get(id=action_id)
    execution = action.execution
    with try_hold(clicks_lock(execution.app_id, execution.user_id)) as held:
        action.refresh_from_db()
        if not held or action.status != Status.PENDING:
            return
        gateway = StripeGateway(execution.connection)
        try:
            _apply_or_confirm(action, gateway)
        except ConnectorError:
            return  # claimed again in a minute
        finish(execution)


def _apply_or_confirm(action: ActionExecution, gateway: StripeGateway) -> None:
    subscription = gateway.retrieve("subscriptions", action.subscription, expand=EXPAND).data
    if action.request is not None:
        _confirm(action, subscription, gateway)
    elif _has_moved_on(action, subscription):
        record(action, Outcome(status=Status.SKIPPED, code="superseded", message=_SUPERSEDED))
    else:
        perform(action, gateway=gateway, is_due=True)


def _has_moved_on(action: ActionExecution, subscription: Subscription) -> bool:
    prices = {item["price"] for item in action.before["items"]}
    return prices != {item["price"]["id"] for item in items_of(subscription)}


def _confirm(action: ActionExecution, subscription: Subscription, gateway: StripeGateway) -> None:
    """Once Stripe made the switch, its schedule has nothing left to do, and would only be in the way of the
    next.
    """
    facts, schedule = (action.request or {})["facts"], action.after["schedule"]
    is_ours = reference_id(subscription.get("schedule")) == schedule
    if facts["price"] in {item["price"]["id"] for item in items_of(subscription)}:
        if is_ours:
            key = f"{action.idempotency_key}:done"
            gateway.release_subscription_schedule(schedule, {}, idempotency_key=key)
        message = f"The plan is now {facts['plan']}."
        record(action, Outcome(status=Status.SUCCEEDED, message=message))
        action.after = snapshot(subscription)
        action.save(update_fields=["after"])
    elif not is_ours:
        record(action, Outcome(status=Status.SKIPPED, code="superseded", message=_SUPERSEDED))
