"""Everything that a host includes: the pages, webhooks and API of the three apps."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

urlpatterns = [
    path("", include("actions.urls")),  # first, as a click should not look for its view among all others
    path("", include("sync.urls")),
    path("", include("connector.urls")),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="api-schema"),
]
