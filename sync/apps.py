"""The app's configuration; its label is fixed before the first migration."""

from django.apps import AppConfig


class SyncConfig(AppConfig):
    name = "sync"
    label = "stripe_sync"
    verbose_name = "Stripe connector: sync"

    def ready(self) -> None:
        from sync import activation  # noqa: F401, PLC0415  receivers; models exist only now
