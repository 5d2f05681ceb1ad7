"""Doors for Celery. Each calls one service; all may run twice."""

from celery import shared_task

from sync import inbox, refresh_worker
from sync.nudge import nudge_is_answered
from sync.retention import forget_old


@shared_task(name="stripe_sync.drain_inbox", ignore_result=True)
def drain_inbox() -> None:
    """Nudged by each webhook, and every few seconds by beat in case a nudge was lost."""
    nudge_is_answered()
    inbox.drain()


@shared_task(name="stripe_sync.work_off_refreshes", ignore_result=True)
def work_off_refreshes() -> None:
    """Read from Stripe what is in doubt."""
    while refresh_worker.work_off():
        pass


@shared_task(name="stripe_sync.forget_old", ignore_result=True)
def forget_old_task() -> None:
    """Payloads and history expire; event ids stay for deduplication."""
    forget_old()
