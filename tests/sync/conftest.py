"""A connection of a fresh App to a fresh account of the sandbox Stripe."""

from typing import Any

import pytest

from connector.crypto import Secret
from connector.models import Connection
from tests.factories import make_app, make_connection
from tests.sandbox_process import Sandbox, StripeAccount

SEED_PERMISSIONS = (
    "rak_customer_write",
    "rak_subscription_write",
    "rak_product_read",
    "rak_plan_read",
    "rak_coupon_read",
    "rak_promotion_code_read",
)


@pytest.fixture
def connection(db: None, settings: Any, stripe_account: StripeAccount) -> Connection:
    """Reaches its account with exactly the six required permissions."""
    settings.ENGAGE_STRIPE = {**settings.ENGAGE_STRIPE, "STRIPE_API_BASE": stripe_account.sandbox.url}
    return make_connection(
        app_id=make_app().id,
        stripe_account_id=stripe_account.id,
        api_key=Secret(stripe_account.restricted_key(SEED_PERMISSIONS)),
    )


def let_time_pass(sandbox: Sandbox, seconds: int) -> None:
    """Move the sandbox's clock: what it says afterwards has a higher rank."""
    offset = sandbox.admin("POST", "clock")["offset"]
    sandbox.admin("POST", "clock", offset=offset + seconds)
