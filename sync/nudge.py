"""Wake a worker for the inbox. A nudge that is lost costs seconds: the sweep finds the event."""

import structlog
from celery import current_app
from django.core.cache import cache
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

_FLAG = "stripe-sync:drain-is-coming"
log = structlog.get_logger(__name__)


def nudge() -> None:
    """Enqueue one drain, unless one is queued that has not started yet. Never raises when Redis is away."""
    try:
        if cache.add(_FLAG, 1, timeout=10):
            current_app.send_task("stripe_sync.drain_inbox", queue="events", retry=False)
    except (RedisError, OperationalError, OSError) as error:
        log.warning("nudge_failed", error=type(error).__name__)


def nudge_is_answered() -> None:
    """A drain has started: events from now on need another one."""
    cache.delete(_FLAG)
