"""The sandbox's own pages pass axe and fit a phone."""

from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessibility import find_violations
from tests.sandbox_process import StripeAccount


def open_page(browser: Browser, url: str) -> Page:
    page = browser.new_page()
    page.goto(url)
    return page


def test_it_shows_an_accessible_control_page(browser: Browser, stripe_account: StripeAccount) -> None:
    stripe_account.client.v1.customers.create({"email": "ada@example.com"})
    page = open_page(browser, f"{stripe_account.sandbox.url}/?account={stripe_account.id}&mode=test")
    expect(page.get_by_text("ada@example.com")).to_be_visible()
    assert find_violations(page) == []
    page.close()


def test_it_asks_for_consent_on_an_accessible_page(browser: Browser, stripe_account: StripeAccount) -> None:
    made = stripe_account.sandbox.admin("POST", "platforms", redirect_uris=["https://engage.example/"])
    query = f"response_type=code&scope=read_write&client_id={made['client_id']}"
    page = open_page(browser, f"{stripe_account.sandbox.url}/oauth/authorize?{query}")
    expect(page.get_by_role("button", name="Connect", exact=True)).to_be_visible()
    assert find_violations(page) == []
    page.close()
