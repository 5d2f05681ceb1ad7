"""A connection that has just become active is read at once, not only at the next tick."""

from typing import Any

import structlog
from django.dispatch import receiver
from kombu.exceptions import OperationalError

from connector.signals import connection_activated
from sync.tasks import tick

log = structlog.get_logger(__name__)


@receiver(connection_activated, dispatch_uid="start first sync")
def start_first_sync(**_: Any) -> None:
    try:
        tick.apply_async(retry=False)
    except OperationalError:
        log.warning("first_sync_waits_for_the_next_tick")
