"""Clicks that were cut off or whose outcome Stripe has not confirmed: each is run again until it is final."""

import time
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from actions.execution import clicks_lock, run
from actions.models import Execution
from sync.locks import try_hold

_SETTLING_TAKES = timedelta(seconds=60)  # a settling task that was killed is started again after this
_BUSY = timedelta(seconds=10)  # another click of the user runs, which takes no longer
_TIME_LIMIT = 45.0  # seconds
_AT_ONCE = 200


def claim_unsettled() -> list[UUID]:
    """Executions to settle now, oldest first. Nobody else gets them for a minute."""
    now = timezone.now()
    due = Execution.objects.filter(state=Execution.State.RUNNING, settle_at__lte=now).order_by("settle_at")
    return [
        execution_id
        for execution_id in due.values_list("id", flat=True)[:_AT_ONCE]
        if due.filter(id=execution_id).update(settle_at=now + _SETTLING_TAKES)
    ]


def settle(execution_id: UUID) -> None:
    """Continue the execution where it stopped, unless the click itself or another task is at it."""
    execution = Execution.objects.select_related("connection").get(id=execution_id)
    with try_hold(clicks_lock(execution.app_id, execution.user_id)) as held:
        if not held:
            _look_again(execution_id)
            return
        execution.refresh_from_db(fields=["state"])
        if execution.state == Execution.State.RUNNING:
            run(execution, deadline=time.monotonic() + _TIME_LIMIT)


def _look_again(execution_id: UUID) -> None:
    still_open = Execution.objects.filter(id=execution_id, state=Execution.State.RUNNING)
    still_open.update(settle_at=timezone.now() + _BUSY)
