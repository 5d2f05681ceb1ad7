"""Who calls the API: one App, by its ID and its API key."""

from dataclasses import dataclass
from typing import cast

from rest_framework import exceptions
from rest_framework.authentication import BasicAuthentication
from rest_framework.request import Request

from connector.host import HostApp, get_host


@dataclass(frozen=True, slots=True)
class ApiClient:
    """The caller of the server-to-server API: one App. ``request.user.app`` scopes every query."""

    app: HostApp
    is_authenticated: bool = True


class AppKeyAuthentication(BasicAuthentication):
    """HTTP Basic with the App ID as the user name and the App's API key as the password."""

    www_authenticate_realm = "Engage"

    def authenticate_credentials(
        self,
        userid: str,
        password: str,
        request: Request | None = None,  # noqa: ARG002  DRF's signature
    ) -> tuple[ApiClient, None]:
        app = get_host().authenticate_api(userid, password)
        if app is None:
            raise exceptions.AuthenticationFailed("Unknown App ID or API key. The key may have been rotated.")
        return ApiClient(app=app), None


def calling_app(request: Request) -> HostApp:
    """The App that an authenticated request comes from; every query starts from it."""
    return cast("ApiClient", request.user).app
