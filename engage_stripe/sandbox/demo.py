"""Accounts and keys that every sandbox starts with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engage_stripe.sandbox.connect import Platform
from engage_stripe.sandbox.keys import KINDS, Kind, create_key
from engage_stripe.sandbox.state import World

DEMO_ACCOUNT = "acct_1EngageDemo000000"
LIVE_ACCOUNT = "acct_1EngageLive000000"
PLATFORM_ACCOUNT = "acct_1EngagePlatform00"
PLATFORM_CLIENT_ID = "ca_EngageSandboxPlatform0000000000"
LIVE_PLATFORM_CLIENT_ID = "ca_EngageSandboxPlatformLive000000"

# The six permissions of the connector's guide: customers and subscriptions write, catalogue read.
SEED_PERMISSIONS = frozenset(
    {
        "customer_write",
        "subscription_write",
        "product_read",
        "plan_read",
        "coupon_read",
        "promotion_code_read",
    }
)
FULL_PERMISSIONS = SEED_PERMISSIONS | {
    "invoice_write",
    "subscription_schedule_write",
    "payment_method_read",
    "source_read",
    "webhook_write",
    "event_read",
    "customer_portal_session_write",
    "billing_meter_event_write",
    "billing_meter_read",
}


@dataclass(frozen=True)
class DemoKey:
    """One well-known key and what it is for."""

    value: str
    account: str
    purpose: str
    permissions: frozenset[str] = frozenset()

    @property
    def livemode(self) -> bool:
        """Told by the prefix, as at Stripe."""
        return "_live_" in self.value

    @property
    def kind(self) -> Kind:
        """Told by the prefix, as at Stripe."""
        return KINDS[self.value[:2]]


DEMO_KEYS = (
    DemoKey("sk_test_demo51Engage", DEMO_ACCOUNT, "demo account, secret"),
    DemoKey("pk_test_demo51Engage", DEMO_ACCOUNT, "demo account, publishable"),
    DemoKey(
        "rk_test_demoSeed51Engage",
        DEMO_ACCOUNT,
        "demo account, the guide's six permissions",
        SEED_PERMISSIONS,
    ),
    DemoKey(
        "rk_test_demoFull51Engage",
        DEMO_ACCOUNT,
        "demo account, with the optional permissions",
        FULL_PERMISSIONS,
    ),
    DemoKey("sk_live_demo51Engage", LIVE_ACCOUNT, "live account, secret"),
    DemoKey(
        "rk_live_demoSeed51Engage",
        LIVE_ACCOUNT,
        "live account, the guide's six permissions",
        SEED_PERMISSIONS,
    ),
    DemoKey("sk_test_platform51Engage", PLATFORM_ACCOUNT, "Connect platform, test"),
    DemoKey("sk_live_platform51Engage", PLATFORM_ACCOUNT, "Connect platform, live"),
)


def open_demo_accounts(world: World) -> None:
    """Register the well-known keys."""
    for key in DEMO_KEYS:
        account = world.account(key.account, livemode=key.livemode)
        create_key(world, account, key.kind, permissions=key.permissions, value=key.value)


def open_demo_platforms(world: World, redirect_uris: Sequence[str]) -> None:
    """Register the well-known platform in both modes, with the addresses that OAuth may go back to."""
    for client_id, livemode in ((PLATFORM_CLIENT_ID, False), (LIVE_PLATFORM_CLIENT_ID, True)):
        world.platforms[client_id] = Platform(
            client_id, PLATFORM_ACCOUNT, livemode, "Recurly Engage", list(redirect_uris)
        )
