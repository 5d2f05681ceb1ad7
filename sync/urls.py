"""Addresses of this app."""

from django.urls import path

from sync import webhooks

app_name = "stripe_sync"
urlpatterns = [
    path("webhooks/stripe/connect/", webhooks.webhook_connect, name="webhook_connect"),
    path("webhooks/stripe/<uuid:connection_id>/", webhooks.webhook_connection, name="webhook_connection"),
]
