"""Freshness of every connection for ``/metrics``, read when it is scraped."""

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from connector.models import Connection
from sync.freshness import Freshness, freshness_of

_LABELS = ("app", "connection", "mode")


class FreshnessCollector(Collector):
    """Gauges per connection; names and meanings as in ``sync.freshness``."""

    def describe(self) -> Iterable[Metric]:
        """Nothing: a look at the database is not due when the process starts."""
        return []

    def collect(self) -> Iterable[Metric]:
        served = Connection.objects.filter(status__in=[Connection.Status.ACTIVE, Connection.Status.ERROR])
        connections = {one.id: one for one in served.only("app_id", "livemode")}
        found = freshness_of(list(connections))
        for name, text in _GAUGES.items():
            gauge = GaugeMetricFamily(f"stripe_sync_{name}", text, labels=_LABELS)
            for key, freshness in found.items():
                value = _value(name, freshness)
                if value is not None:
                    connection = connections[key]
                    gauge.add_metric([str(connection.app_id), str(key), connection.mode], value)
            yield gauge


_GAUGES = {
    "newest_event_age_seconds": "Age of the newest event.",
    "live": "1 while events come as often as the account's rhythm lets expect.",
    "backlog": "Events that wait to be applied.",
    "failed": "Events that were parked.",
    "oldest_waiting_seconds": "How long the oldest event of the backlog has waited.",
    "refreshes": "Objects that wait to be read from Stripe.",
    "refreshes_stuck": "Those of them that could not be read before.",
    "lag_p50_seconds": "Median lag from receipt to visible traits.",
    "lag_p95_seconds": "95th percentile of the lag.",
    "lag_p99_seconds": "99th percentile of the lag.",
}


def _value(name: str, freshness: Freshness) -> float | None:
    match name:
        case "newest_event_age_seconds":
            return _age(freshness.newest_event_at)
        case "oldest_waiting_seconds":
            return _age(freshness.waiting_since) or 0.0
        case "refreshes_stuck":
            return freshness.stuck
        case "live":
            return float(freshness.is_live)
        case _:
            value: float | None = getattr(freshness, name.removesuffix("_seconds"))
            return value


def _age(at: datetime | None) -> float | None:
    return (timezone.now() - at).total_seconds() if at else None
