"""Our own Stripe platform account, once per mode: what Stripe Connect calls are made with."""

from dataclasses import dataclass

from connector.configuration import option
from connector.crypto import Secret
from connector.errors import ConnectorError


@dataclass(frozen=True, slots=True)
class Platform:
    """The platform in one mode: its OAuth client id (``ca_…``) and its secret key."""

    client_id: str
    key: Secret
    livemode: bool


def configured_platforms() -> dict[bool, Platform]:
    """The platforms by livemode, as far as the settings name them. The mode is the key's."""
    found: dict[bool, Platform] = {}
    for prefix in ("STRIPE_", "STRIPE_TEST_"):
        key: str = option(f"{prefix}PLATFORM_KEY")
        client_id: str = option(f"{prefix}CONNECT_CLIENT_ID")
        if key and client_id:
            livemode = "_live_" in key
            found.setdefault(livemode, Platform(client_id, Secret(key), livemode))
    return found


def get_platform(*, livemode: bool) -> Platform:
    """The platform of a mode. ``ConnectorError`` ``connect_not_configured`` where the settings name none."""
    platform = configured_platforms().get(livemode)
    if platform is None:
        mode = "live" if livemode else "test"
        raise ConnectorError(
            "connect_not_configured",
            f"Stripe Connect is not set up here for {mode} mode. Use an API key, or ask whoever runs Engage.",
        )
    return platform
