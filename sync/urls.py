"""Addresses of this app."""

from django.urls import path

from sync import api, views, webhooks

app_name = "stripe_sync"
urlpatterns = [
    path("settings/users/lookup/", views.user_lookup, name="user_lookup"),
    path("api/v1/traits/", api.TraitsView.as_view(), name="api_traits"),
    path("api/v1/users/<path:user_id>/traits/", api.UserTraitsView.as_view(), name="api_user_traits"),
    path("webhooks/stripe/connect/", webhooks.webhook_connect, name="webhook_connect"),
    path("webhooks/stripe/<uuid:connection_id>/", webhooks.webhook_connection, name="webhook_connection"),
]
