"""The stand-in console's app configuration."""

from django.apps import AppConfig


class StandaloneConfig(AppConfig):
    name = "engage_stripe.standalone"
    label = "standalone"

    def ready(self) -> None:
        from engage_stripe import celery  # noqa: F401, PLC0415  tasks that pages enqueue need the broker's settings
