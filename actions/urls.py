"""Addresses of this app."""

from django.urls import URLPattern, URLResolver, path

from actions import api

app_name = "stripe_actions"

_INTERACTION = "api/v1/prompts/<str:prompt_id>/interactions/<str:interaction>"

urlpatterns: list[URLPattern | URLResolver] = [
    path(f"{_INTERACTION}/actions/", api.InteractionActionsView.as_view(), name="api-actions"),
    path(f"{_INTERACTION}/execute/", api.ExecuteView.as_view(), name="api-execute"),
    path("api/v1/executions/<uuid:execution_id>/", api.ExecutionView.as_view(), name="api-execution"),
]
