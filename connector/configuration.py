"""The settings of the three apps: one dict, ``ENGAGE_STRIPE``, of which a host names what differs from here."""

from typing import Any

from django.conf import settings

DEFAULTS: dict[str, Any] = {
    "STRIPE_API_BASE": "https://api.stripe.com",
    "STRIPE_CONNECT_BASE": "https://connect.stripe.com",
    "STRIPE_CONNECT_CLIENT_ID": "",
    "STRIPE_PLATFORM_KEY": "",
    "STRIPE_TEST_CONNECT_CLIENT_ID": "",
    "STRIPE_TEST_PLATFORM_KEY": "",
    "REQUESTS_PER_SECOND": {"live": 100, "test": 25},  # https://docs.stripe.com/rate-limits
    "IDENTITY_FOLDERS": [],
    "S3_ENDPOINT_URL": "",
    "AZURE_BLOB_URL": "https://{account_name}.blob.core.windows.net",
}
REQUIRED = ("HOST", "PUBLIC_BASE_URL", "FIELD_ENCRYPTION_KEYS", "UPLOADS_URL")


def option(name: str) -> Any:
    """One setting, the host's own or the default."""
    given = settings.ENGAGE_STRIPE
    return given[name] if name in given else DEFAULTS[name]


def public_address(path: str) -> str:
    """A path of ours as browsers and Stripe reach it."""
    return f"{option('PUBLIC_BASE_URL')}{path}"
