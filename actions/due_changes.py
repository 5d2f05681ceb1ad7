"""Changes that were put off to the end of a period: made by our own scheduler, or by Stripe and then
confirmed.
"""

from datetime import UTC, datetime, timedelta

from django.utils import timezone

from actions.definitions.switch_later import LEAD
from actions.execution import clicks_lock, finish
from actions.models import ActionExecution, Status
from actions.outcomes import Outcome
from actions.performing import Due, perform
from actions.recording import record
from actions.requests import SCHEDULED_SWITCH
from actions.stripe_state import Item, Subscription, is_cancelling, items_of, main_item, reference_id, snapshot
from connector.errors import ConnectorError, StripeError
from connector.models import Connection
from connector.stripe_gateway import StripeGateway
from sync.locks import try_hold
from sync.traits import ENDED

EXPAND = ("discounts", "discounts.source.coupon")
_APPLYING_TAKES = timedelta(minutes=1)  # a task that was killed, or Stripe that failed: tried again after this
_LONGEST_WAIT = timedelta(hours=6)
_AT_ONCE = 200
_SUPERSEDED = "The plan was changed in another way before this was due, so it was left alone."
_ENDED = "The subscription had ended, or was about to, when this was due."
_GONE = "The subscription is no longer at Stripe."
_TOO_LATE = "A whole further period has passed since this was due, so the plan was left alone."


def claim_due() -> list[int]:
    """Ids of pending changes whose time has come. Nobody else gets them for a minute."""
    now = timezone.now()
    due = ActionExecution.objects.filter(
        status=Status.PENDING, apply_at__lte=now, execution__connection__status=Connection.Status.ACTIVE
    ).order_by("apply_at")
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
        if action.status != Status.PENDING:
            finish(execution)


def _apply_or_confirm(action: ActionExecution, gateway: StripeGateway) -> None:
    subscription = _read(action, gateway)
    if subscription is None:
        _skip(action, "subscription_gone", _GONE)
    elif action.request is None:
        _apply(action, subscription, gateway)
    elif action.request["operation"] == SCHEDULED_SWITCH:
        _confirm(action, subscription, gateway)
    else:
        perform(action, gateway=gateway)  # cut off while it was sent: the same request again


def _read(action: ActionExecution, gateway: StripeGateway) -> Subscription | None:
    try:
        return gateway.retrieve("subscriptions", action.subscription, expand=EXPAND).data
    except StripeError as error:
        if error.http_status == 404:
            return None
        raise


def _skip(action: ActionExecution, code: str, message: str) -> None:
    record(action, Outcome(status=Status.SKIPPED, code=code, message=message))


def _apply(action: ActionExecution, subscription: Subscription, gateway: StripeGateway) -> None:
    if subscription["status"] in ENDED:
        _skip(action, "superseded", _ENDED)
    elif action.action == "update_subscription":
        _switch(action, subscription, gateway)
    else:
        perform(action, gateway=gateway, due=Due())


def _switch(action: ActionExecution, subscription: Subscription, gateway: StripeGateway) -> None:
    """Shortly before the period ends, wherever its end is by now; in the period after it where we are late."""
    item = main_item(subscription, action.target or ())
    chosen_for = _period_end_at_choice(action, item)
    if is_cancelling(subscription):
        _skip(action, "superseded", _ENDED)
    elif chosen_for is None:
        _skip(action, "superseded", _SUPERSEDED)
    elif item["current_period_start"] > chosen_for:
        record(action, Outcome(status=Status.FAILED, code="too_late", message=_TOO_LATE))
    elif item["current_period_start"] == chosen_for:
        perform(action, gateway=gateway, due=Due(late_since=chosen_for))
    elif item["current_period_end"] > chosen_for:
        _wait_for(action, subscription, item)
    else:
        perform(action, gateway=gateway, due=Due())


def _period_end_at_choice(action: ActionExecution, item: Item) -> int | None:
    """When the item's period was to end; None where it has another price than it had."""
    for before in action.before["items"]:
        if (before["id"], before["price"]) == (item["id"], item["price"]["id"]):
            return int(before["current_period_end"])
    return None


def _wait_for(action: ActionExecution, subscription: Subscription, item: Item) -> None:
    """The period was made longer, by a longer trial for one."""
    action.before = snapshot(subscription)
    action.apply_at = datetime.fromtimestamp(item["current_period_end"], UTC) - LEAD
    action.save(update_fields=["before", "apply_at"])


def _confirm(action: ActionExecution, subscription: Subscription, gateway: StripeGateway) -> None:
    """Once Stripe made the switch, its schedule has nothing left to do, and would only be in the way of the
    next.
    """
    facts, schedule = (action.request or {})["facts"], action.after["schedule"]
    is_ours = reference_id(subscription.get("schedule")) == schedule
    if facts["price"] in {item["price"]["id"] for item in items_of(subscription)}:
        if is_ours:
            _release(schedule, gateway)
        message = f"The plan is now {facts['plan']}."
        record(action, Outcome(status=Status.SUCCEEDED, message=message))
        action.after = snapshot(subscription)
        action.save(update_fields=["after"])
    elif subscription["status"] in ENDED:
        _skip(action, "superseded", _ENDED)
    elif not is_ours:
        _skip(action, "superseded", _SUPERSEDED)
    else:
        _look_again(action, facts["period_end"])


def _release(schedule: str, gateway: StripeGateway) -> None:
    """A refusal changes nothing about the switch: the schedule ends by itself with its last phase."""
    try:
        gateway.release_subscription_schedule(schedule, {})
    except StripeError as error:
        if error.retryable:
            raise


def _look_again(action: ActionExecution, expected: int) -> None:
    """Stripe is late: the longer it takes, the more rarely we look."""
    overdue = timezone.now() - datetime.fromtimestamp(expected, UTC)
    action.apply_at = timezone.now() + min(max(overdue, _APPLYING_TAKES), _LONGEST_WAIT)
    action.save(update_fields=["apply_at"])
