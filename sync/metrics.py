"""Counters of this process for ``/metrics``."""

from prometheus_client import Counter, Histogram

WEBHOOKS = Counter("stripe_sync_webhooks_total", "Webhook requests by what became of them.", ["outcome"])
EVENTS = Counter("stripe_sync_events_total", "Events taken from the inbox by what became of them.", ["state"])
LAG = Histogram(
    "stripe_sync_event_lag_seconds",
    "From the receipt of an event to visible traits.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300),
)
REFRESHES = Counter("stripe_sync_refreshes_total", "Objects read again from Stripe, by outcome.", ["outcome"])
