"""Counters of the web processes for ``/metrics``: what no row says. The rest is in ``freshness_metrics``."""

from prometheus_client import Counter

WEBHOOKS = Counter("stripe_sync_webhooks_total", "Webhook requests by what became of them.", ["outcome"])
