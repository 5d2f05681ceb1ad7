"""The sandbox's own pages in a browser."""

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.accessibility import violations
from tests.sandbox_process import StripeAccount


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_it_shows_an_accessible_control_page(
    browser: Browser, stripe_account: StripeAccount, colours: str
) -> None:
    stripe_account.client.v1.customers.create({"email": "ada@example.com"})
    page = browser.new_page(color_scheme=colours)
    page.goto(f"{stripe_account.sandbox.url}/?account={stripe_account.id}&mode=test")
    expect(page.get_by_text("ada@example.com")).to_be_visible()
    assert violations(page) == []
    page.close()
