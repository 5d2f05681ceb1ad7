"""The console on its own: the stand-in host's pages and one ``include()`` of the connector."""

from django.urls import include, path

urlpatterns = [
    path("", include("engage_stripe.standalone.urls")),
    path("", include("actions.connector_urls")),
]
