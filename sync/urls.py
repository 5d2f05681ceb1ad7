"""Addresses of this app."""

from django.urls import path

from sync import (
    api,
    catalogue_api,
    catalogue_views,
    identity_api,
    run_api,
    run_views,
    source_views,
    views,
    webhooks,
)

app_name = "stripe_sync"

_SYNC = "settings/actions/stripe/data-sync"

urlpatterns = [  # what is asked for most comes first
    path("webhooks/stripe/connect/", webhooks.webhook_connect, name="webhook_connect"),
    path("webhooks/stripe/<uuid:connection_id>/", webhooks.webhook_connection, name="webhook_connection"),
    path(f"{_SYNC}/", run_views.data_sync, name="data_sync"),
    path(f"{_SYNC}/upload/", run_views.upload, name="upload"),
    path(f"{_SYNC}/start/<str:kind>/", run_views.start, name="start"),
    path(f"{_SYNC}/runs/<uuid:run_id>/", run_views.run, name="run"),
    path(f"{_SYNC}/runs/<uuid:run_id>/cancel/", run_views.cancel, name="cancel_run"),
    path(f"{_SYNC}/runs/<uuid:run_id>/confirm/", run_views.confirm_run, name="confirm_run"),
    path(f"{_SYNC}/runs/<uuid:run_id>/lines.csv", run_views.download_problems, name="download_problems"),
    path(f"{_SYNC}/sources/", source_views.add, name="add_source"),
    path(f"{_SYNC}/sources/<int:source_id>/test/", source_views.test, name="test_source"),
    path(f"{_SYNC}/sources/<int:source_id>/fetch/", source_views.fetch, name="fetch_source"),
    path(f"{_SYNC}/sources/<int:source_id>/remove/", source_views.remove, name="remove_source"),
    path("settings/actions/stripe/<uuid:connection_id>/freshness/", views.freshness, name="freshness"),
    path("settings/actions/stripe/catalogue/", catalogue_views.catalogue, name="catalogue"),
    path("api/v1/catalogue/plans/", catalogue_api.PlansView.as_view(), name="api_plans"),
    path("api/v1/catalogue/coupons/", catalogue_api.CouponsView.as_view(), name="api_coupons"),
    path("api/v1/catalogue/promotion-codes/", catalogue_api.PromotionCodesView.as_view(), name="api_codes"),
    path("api/v1/runs/", run_api.RunsView.as_view(), name="api_runs"),
    path("api/v1/runs/<uuid:run_id>/", run_api.RunView.as_view(), name="api_run"),
    path("api/v1/runs/<uuid:run_id>/cancel/", run_api.CancelRunView.as_view(), name="api_cancel_run"),
    path(
        "api/v1/identity-files/<str:filename>/", identity_api.IdentityFileView.as_view(), name="api_identity_file"
    ),
    path("api/v1/users/<path:user_id>/identity/", identity_api.UserIdentityView.as_view(), name="api_identity"),
    path("settings/users/lookup/", views.user_lookup, name="user_lookup"),
    path("api/v1/traits/", api.TraitsView.as_view(), name="api_traits"),
    path("api/v1/users/<path:user_id>/traits/", api.UserTraitsView.as_view(), name="api_user_traits"),
]
