"""Addresses of this app."""

from django.urls import URLPattern, URLResolver, path

from actions import activity_views, api, click_api, prompt_views, trial_views, views

app_name = "stripe_actions"

_INTERACTION = "api/v1/prompts/<str:prompt_id>/interactions/<str:interaction>"

_PAGE = "prompts/<str:prompt_id>/<str:interaction>"

urlpatterns: list[URLPattern | URLResolver] = [
    path(f"{_INTERACTION}/execute/", api.ExecuteView.as_view(), name="api-execute"),
    path("api/v1/click/", click_api.ClickView.as_view(), name="api-click"),
    path("prompts/<str:prompt_id>/", prompt_views.prompt, name="prompt"),
    path("prompts/<str:prompt_id>/history/", prompt_views.history, name="history"),
    path(f"{_PAGE}/add/", views.choose_action, name="choose-action"),
    path(f"{_PAGE}/add/<str:action>/", views.add_action, name="add-action"),
    path(f"{_PAGE}/add/<str:action>/options/<str:field>/", views.options, name="options"),
    path(f"{_PAGE}/test/", trial_views.test_interaction, name="test"),
    path(f"{_PAGE}/<int:position>/", views.edit_action, name="edit-action"),
    path(f"{_PAGE}/<int:position>/<str:verb>/", views.change_action, name="change-action"),
    path("settings/actions/stripe/activity/", activity_views.activity, name="activity"),
    path("settings/actions/stripe/limits/", activity_views.limits, name="limits"),
    path("settings/actions/stripe/limits/plans/", activity_views.overridable_plans, name="overridable-plans"),
    path(
        "settings/actions/stripe/limits/plans/options/",
        activity_views.overridable_options,
        name="overridable-options",
    ),
    path("api/v1/actions/", api.ActionsView.as_view(), name="api-registry"),
    path(f"{_INTERACTION}/actions/", api.InteractionActionsView.as_view(), name="api-actions"),
    path(f"{_INTERACTION}/preview/", api.PreviewView.as_view(), name="api-preview"),
    path("api/v1/executions/<uuid:execution_id>/", api.ExecutionView.as_view(), name="api-execution"),
    path("api/v1/click-tokens/", click_api.ClickTokensView.as_view(), name="api-click-tokens"),
]
