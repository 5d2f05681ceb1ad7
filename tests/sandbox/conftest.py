"""Fixtures of the sandbox's scenario tests."""

from __future__ import annotations

import pytest

from tests.sandbox.shop import Shop
from tests.sandbox_process import StripeAccount


@pytest.fixture
def shop(stripe_account: StripeAccount) -> Shop:
    """A fresh shop in a private account."""
    return Shop(stripe_account)
