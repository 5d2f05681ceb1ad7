"""The Celery application: ``celery -A engage_stripe worker`` and ``celery -A engage_stripe beat``."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "engage_stripe.settings")

app = Celery("engage_stripe")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
