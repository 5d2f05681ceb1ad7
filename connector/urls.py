"""Addresses of this app."""

from django.urls import path

from connector import api, oauth_views, views

app_name = "stripe_connector"
urlpatterns = [
    path("settings/actions/stripe/", views.connection, name="connection"),
    path("settings/actions/stripe/<uuid:connection_id>/check/", views.check, name="check"),
    path("settings/actions/stripe/<uuid:connection_id>/disconnect/", views.disconnect, name="disconnect"),
    path("settings/actions/stripe/<uuid:connection_id>/endpoint/", views.create_endpoint, name="create_endpoint"),
    path("settings/actions/stripe/<uuid:connection_id>/test-event/", views.test_event, name="test_event"),
    path("settings/actions/stripe/connect/", oauth_views.start, name="oauth_start"),
    path("settings/actions/stripe/connect/callback/", oauth_views.callback, name="oauth_callback"),
    path(
        "settings/actions/stripe/<uuid:connection_id>/repair/", oauth_views.repair_endpoint, name="repair_endpoint"
    ),
    path("api/v1/connection/", api.ConnectionView.as_view(), name="api_connection"),
]
