"""The cancel-save case: an offer for each reason, built by dropdowns, clicked on the customer's own site."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from connector.host import Role
from engage_stripe.standalone.models import App
from tests.e2e.conftest import Window
from tests.e2e.shop import Shop, open_shop
from tests.factories import Tenant, make_prompt
from tests.sandbox_process import StripeAccount

CLICK = """async ([url, token]) => {
  const answer = await fetch(url, {
    method: "POST",
    headers: {"Content-Type": "application/json"},
    body: JSON.stringify({token}),
  });
  return await answer.json();
}"""


class _AccountPage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<h1>Account</h1>")

    def log_message(self, *_: Any) -> None:
        """Nothing to the test's output."""


@pytest.fixture
def site() -> Iterator[str]:
    """The customer's own site: another origin than the console's, on one of the App's domains."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _AccountPage) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def shop(tenant: Tenant, account: StripeAccount) -> Shop:
    App.objects.filter(id=tenant.id).update(domains=["127.0.0.1"])
    make_prompt(tenant, key="cancel-save", name="Before you go")
    return open_shop(tenant, account)


def add(page: Page, interaction: str, action: str, choices: dict[str, str]) -> None:
    page.goto("/prompts/cancel-save/")
    page.get_by_role("link", name=f"Add action to {interaction}", exact=True).click()
    page.get_by_role("link", name=action, exact=True).click()
    for label, choice in choices.items():
        select = page.get_by_label(label, exact=True)
        select.select_option(select.locator("option", has_text=choice).first.get_attribute("value"))
    page.get_by_role("button", name="Add action").click()


def build_offers(page: Page) -> None:
    """Too expensive: a discount. Needs a break: a pause. Wants to go: good-bye at period end."""
    add(page, "Accept", "Apply coupon or promotion code", {"Coupon": "Stay"})
    add(page, "Secondary accept", "Pause", {"What to pause": "Collection", "For": "Until resumed"})
    add(page, "Decline", "Cancel subscription", {"When": "At period end", "Reason": "too expensive"})


def click_on_site(
    page: Page, site: str, tenant: Tenant, live_server: LiveServer, user_id: str, interaction: str
) -> dict[str, Any]:
    """What the customer's page does: its server gets a token, its browser sends it."""
    token = httpx.post(
        f"{live_server.url}/api/v1/click-tokens/",
        json={"prompt_id": "cancel-save", "interaction": interaction, "user_id": user_id},
        headers=tenant.api_headers,
        timeout=20,
    ).json()["token"]
    page.goto(site)
    answer: dict[str, Any] = page.evaluate(CLICK, [f"{live_server.url}/api/v1/click/", token])
    return answer


@pytest.mark.parametrize(
    ("interaction", "shows"),
    [
        ("accept", lambda subscription: len(subscription.discounts) == 1),
        ("secondary_accept", lambda subscription: subscription.pause_collection.behavior == "void"),
        ("decline", lambda subscription: subscription.cancel_at_period_end),
    ],
)
def test_it_does_what_the_designer_built_when_a_user_clicks(
    window: Window,
    tenant: Tenant,
    shop: Shop,
    account: StripeAccount,
    live_server: LiveServer,
    site: str,
    interaction: str,
    shows: Any,
) -> None:
    build_offers(window(Role.APP_MEMBER))

    answer = click_on_site(window(None), site, tenant, live_server, shop.user_id, interaction)

    assert [outcome["status"] for outcome in answer["outcomes"]] == ["succeeded"]
    assert shows(account.client.v1.subscriptions.retrieve(shop.subscription))
