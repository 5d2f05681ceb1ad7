"""A sandbox account, an App and the settings that lead from one to the other."""

from typing import Any

import pytest

from connector.audit import Actor
from tests.factories import Tenant, make_app
from tests.sandbox_process import Sandbox

REQUIRED = [
    "customer_write",
    "subscription_write",
    "product_read",
    "plan_read",
    "coupon_read",
    "promotion_code_read",
]
ALICE = Actor("alice@example.com", "192.0.2.7")


@pytest.fixture(autouse=True)
def _stripe_is_the_sandbox(settings: Any, sandbox: Sandbox) -> None:
    settings.ENGAGE_STRIPE = {
        **settings.ENGAGE_STRIPE,
        "STRIPE_API_BASE": sandbox.url,
        "STRIPE_CONNECT_BASE": sandbox.url,
    }


@pytest.fixture
def tenant(db: None) -> Tenant:
    return make_app()
