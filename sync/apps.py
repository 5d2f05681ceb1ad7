"""The app's configuration; its label is fixed before the first migration."""

from django.apps import AppConfig
from prometheus_client import REGISTRY


class SyncConfig(AppConfig):
    name = "sync"
    label = "stripe_sync"
    verbose_name = "Stripe connector: sync"

    def ready(self) -> None:
        from connector import status  # noqa: PLC0415  models exist only now
        from sync import activation, freshness, freshness_metrics  # noqa: F401, PLC0415  activation has receivers

        status.contributions.append(freshness.contribute_signs)
        REGISTRY.register(freshness_metrics.FreshnessCollector())
