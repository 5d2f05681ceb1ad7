"""Wake a worker for the inbox. A nudge that is lost costs seconds: the sweep finds the event.

While events trickle in, one drain at a time takes what came meanwhile, instead of many with an event each.
"""

import structlog
from celery import current_app
from django.core.cache import cache
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

_FLAG = "stripe-sync:drain-is-coming"
_FLAG_SECONDS = 10
"""Longer than a turn; a worker that was killed in one is missed for as long, but for the sweep."""

log = structlog.get_logger(__name__)


def nudge() -> None:
    """Enqueue one drain, unless one is queued or at work. Never raises when Redis is away."""
    try:
        if cache.add(_FLAG, 1, timeout=_FLAG_SECONDS):
            send_drain()
    except (RedisError, OperationalError, OSError) as error:
        log.warning("nudge_failed", error=type(error).__name__)


def send_drain() -> None:
    current_app.send_task("stripe_sync.drain_inbox", queue="events", retry=False)


def nudge_is_answered() -> None:
    """Events from now on need another drain. Whoever says so looks into the inbox once more."""
    cache.delete(_FLAG)
