"""The console on its own: the stand-in host's pages and one ``include()`` of the connector."""

from django.urls import include, path

from engage_stripe import probes

urlpatterns = [
    path("healthz", probes.healthz),
    path("readyz", probes.readyz),
    path("metrics", probes.metrics),
    path("", include("actions.connector_urls")),
    path("", include("engage_stripe.standalone.urls")),
]
