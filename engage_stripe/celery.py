"""The Celery application: ``celery -A engage_stripe worker`` and ``celery -A engage_stripe beat``."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_embedded_init, beat_init, heartbeat_sent, task_prerun, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "engage_stripe.settings")

app = Celery("engage_stripe")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@task_prerun.connect
def _renew_database_connections(**_: object) -> None:
    """As Django does before each request: a new connection where the old one is broken or has served long enough."""
    from django.db import close_old_connections  # noqa: PLC0415  settings are read only once a worker runs

    close_old_connections()


@worker_ready.connect
@heartbeat_sent.connect
def _tell_that_a_worker_lives(**_: object) -> None:
    from django.core.cache import cache  # noqa: PLC0415  settings are read only once a worker runs

    from engage_stripe import probes  # noqa: PLC0415

    cache.set(probes.WORKER_HEARTBEAT, 1, probes.WORKER_HEARTBEAT_SECONDS)


@beat_init.connect
@beat_embedded_init.connect
def _tick_at_once(sender: Any, **_: object) -> None:
    """What waited while no clock ran, a night that was missed say, starts now and not a minute later."""
    sender.app.send_task("stripe_sync.tick", expires=60)
