"""Wake a worker for the inbox. A nudge that is lost costs seconds: the sweep finds the event.

While events trickle in, one drain at a time takes what came meanwhile, instead of many with an event each. A process
that knows of a drain does not ask Redis again for a moment: asking would cost a webhook as much as storing its event.
"""

import time

import structlog
from celery import current_app
from django.core.cache import cache
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

_FLAG = "stripe-sync:drain-is-coming"
_FLAG_SECONDS = 10
"""Longer than a turn; a worker that was killed in one is missed for as long, but for the sweep."""

REMEMBERED_SECONDS = 0.05
"""For so long after a drain said that it ends, events may come of which nobody else will be told."""

_remembered_until = 0.0

log = structlog.get_logger(__name__)


def nudge() -> None:
    """Enqueue one drain, unless one is queued or at work. Never raises when Redis is away."""
    global _remembered_until  # noqa: PLW0603  of this process
    asked_at = time.monotonic()
    if asked_at < _remembered_until:
        return
    try:
        if cache.add(_FLAG, 1, timeout=_FLAG_SECONDS):
            send_drain()
        _remembered_until = asked_at + REMEMBERED_SECONDS
    except (RedisError, OperationalError, OSError) as error:
        log.warning("nudge_failed", error=type(error).__name__)


def send_drain() -> None:
    current_app.send_task("stripe_sync.drain_inbox", queue="events", retry=False)


def nudge_is_answered() -> None:
    """Events that come ``REMEMBERED_SECONDS`` from now need another drain. Whoever says so looks once more then."""
    global _remembered_until  # noqa: PLW0603
    _remembered_until = 0.0
    cache.delete(_FLAG)
