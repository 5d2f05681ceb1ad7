"""What holds clicks back: the kill switch, caps and cooldowns of ``ActionLimit``."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from actions.click_rows import save_request, save_unlimited_request
from actions.models import ActionExecution, ActionLimit, Status
from actions.outcomes import NotAllowedError
from connector.prepared import Prepared, given
from sync.locks import hold_in_transaction

_LIMITS = Prepared(
    lambda: ActionLimit.objects.filter(Q(action="") | Q(action=given("action")), connection_id=given("connection"))
)
# What reached Stripe or is on its way there.
_SPENT = Q(status__in=[Status.SUCCEEDED, Status.REQUIRES_ACTION, Status.PENDING]) | Q(
    status__in=[Status.RUNNING, Status.UNKNOWN], request__isnull=False
)


class TakenOverError(Exception):
    """Somebody else has decided this action's request or recorded its outcome, so there is nothing to do here.

    It takes two who run the same click at once, which the user's lock prevents; only a database connection that
    was lost meanwhile loses its lock.
    """


def reserve(action: ActionExecution, request: dict[str, Any] | None, *, is_due: bool = False) -> None:
    """Save the request (None: it will be made later), if the limits leave room for it. Raises
    ``NotAllowedError``, ``TakenOverError``. A change that ``is_due`` was counted when it was chosen; only the kill
    switch stops it.

    Counting and saving happen under one lock per connection, so that parallel clicks cannot exceed a cap
    together.
    """
    former = action.request, action.started_at
    action.request, action.started_at = request, timezone.now()
    if save_unlimited_request(action):
        return
    try:
        _save_within_limits(action, is_due=is_due)
    except NotAllowedError:
        action.request, action.started_at = former
        raise


def _save_within_limits(action: ActionExecution, *, is_due: bool) -> None:
    connection_id = action.execution.connection_id
    with transaction.atomic():
        hold_in_transaction(f"limits:{connection_id}")
        for limit in _LIMITS.all(connection=connection_id, action=action.action):
            _check_switch(limit)
            if not is_due:
                _check(limit, action)
        if not save_request(action):
            raise TakenOverError


def _check_switch(limit: ActionLimit) -> None:
    if limit.paused:
        what = "This action is" if limit.action else "All actions are"
        raise NotAllowedError("paused", f"{what} switched off for this Stripe connection.")


def _check(limit: ActionLimit, action: ActionExecution) -> None:
    now = timezone.now()
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if limit.cooldown_minutes and _is_cooling_down(limit, action, now):
        raise NotAllowedError("cooldown", "The user has done this only a short while ago.")
    of_user = _of_user(_since(limit, action, today), action)
    if limit.per_user_per_day is not None and of_user.count() >= limit.per_user_per_day:
        raise NotAllowedError("cap_per_user", "The user has done this as often as one day allows.")
    if limit.per_day is not None and _since(limit, action, today).count() >= limit.per_day:
        raise NotAllowedError("cap_per_day", "This has been done as often as one day allows.")


def _since(limit: ActionLimit, action: ActionExecution, moment: datetime) -> QuerySet[ActionExecution]:
    spent = ActionExecution.objects.filter(_SPENT, execution__connection=limit.connection, started_at__gte=moment)
    return spent.filter(action=limit.action).exclude(pk=action.pk) if limit.action else spent.exclude(pk=action.pk)


def _of_user(spent: QuerySet[ActionExecution], action: ActionExecution) -> QuerySet[ActionExecution]:
    """The App is named for the index."""
    return spent.filter(execution__app_id=action.execution.app_id, execution__user_id=action.execution.user_id)


def _is_cooling_down(limit: ActionLimit, action: ActionExecution, now: datetime) -> bool:
    """Whether an earlier click of the user is too recent; actions of one click do not hold each other back."""
    recent = _since(limit, action, now - timedelta(minutes=limit.cooldown_minutes or 0))
    return _of_user(recent, action).exclude(execution=action.execution_id).exists()
