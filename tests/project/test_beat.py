"""The periodic tasks."""

from celery.schedules import crontab
from django.conf import settings

from engage_stripe.celery import app


def test_it_schedules_only_tasks_that_a_worker_knows() -> None:
    app.loader.import_default_modules()

    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)


def test_it_checks_every_credential_at_night() -> None:
    entry = settings.CELERY_BEAT_SCHEDULE["check credentials"]

    assert entry == {"task": "stripe_connector.check_everything", "schedule": crontab(hour=1, minute=30)}
