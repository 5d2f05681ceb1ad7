"""Shops: one with the seed's permissions, one with all of them."""

from typing import Any

import pytest

from tests.actions.shop import OPTIONAL, REQUIRED, Shop, open_shop
from tests.sandbox_process import StripeAccount


@pytest.fixture
def shop(db: None, stripe_account: StripeAccount, settings: Any) -> Shop:
    """Under the key that the product guide asks for."""
    settings.ENGAGE_STRIPE = {**settings.ENGAGE_STRIPE, "STRIPE_API_BASE": stripe_account.sandbox.url}
    return open_shop(stripe_account)


@pytest.fixture
def full_shop(db: None, stripe_account: StripeAccount, settings: Any) -> Shop:
    """Under a key with every optional permission too."""
    settings.ENGAGE_STRIPE = {**settings.ENGAGE_STRIPE, "STRIPE_API_BASE": stripe_account.sandbox.url}
    return open_shop(stripe_account, permissions=REQUIRED + OPTIONAL)
