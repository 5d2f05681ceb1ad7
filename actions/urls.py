"""Addresses of this app."""

from django.urls import URLPattern, URLResolver, path

from actions import api, click_api

app_name = "stripe_actions"

_INTERACTION = "api/v1/prompts/<str:prompt_id>/interactions/<str:interaction>"

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/actions/", api.ActionsView.as_view(), name="api-registry"),
    path(f"{_INTERACTION}/actions/", api.InteractionActionsView.as_view(), name="api-actions"),
    path(f"{_INTERACTION}/execute/", api.ExecuteView.as_view(), name="api-execute"),
    path(f"{_INTERACTION}/preview/", api.PreviewView.as_view(), name="api-preview"),
    path("api/v1/executions/<uuid:execution_id>/", api.ExecutionView.as_view(), name="api-execution"),
    path("api/v1/click-tokens/", click_api.ClickTokensView.as_view(), name="api-click-tokens"),
    path("api/v1/click/", click_api.ClickView.as_view(), name="api-click"),
]
