"""How the OpenAPI description names our authentication."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema


class AppKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Registers itself by being imported.

    https://drf-spectacular.readthedocs.io/en/latest/customization.html#specify-authentication-with-openapiauthenticationextension
    """

    target_class = "connector.api_authentication.AppKeyAuthentication"
    name = "AppKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:  # noqa: ARG002  the library's signature
        return {
            "type": "http",
            "scheme": "basic",
            "description": "The App ID as user name, the App's API key as password.",
        }
