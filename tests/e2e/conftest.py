"""A browser per test process and a fresh window per test, signed in to the console at the live server."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from connector.host import Role
from tests.e2e.chromium import EXECUTABLE, started_browser
from tests.factories import Tenant, make_app
from tests.sandbox_process import Sandbox, StripeAccount

# Playwright's synchronous API keeps an event loop in this thread; the ORM is used between its calls, not within.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

expect.set_options(timeout=15_000)  # what a busy machine may take; nothing waits longer than it has to

Window = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = pytest.mark.skip("BROWSER TESTS NOT RUN: no Chromium found. On Debian: apt-get install chromium")
    for item in items:
        if "tests/e2e/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)
            if EXECUTABLE is None:
                item.add_marker(missing)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with started_browser() as browser:
        yield browser


@pytest.fixture
def account(sandbox: Sandbox, settings: Settings) -> StripeAccount:
    """An empty Stripe account in the sandbox, which the console's server talks to."""
    addresses = {"STRIPE_API_BASE": sandbox.url, "STRIPE_CONNECT_BASE": sandbox.url}
    settings.ENGAGE_STRIPE = {**settings.ENGAGE_STRIPE, **addresses}
    return sandbox.open_account()


@pytest.fixture
def tenant(transactional_db: None) -> Tenant:
    return make_app()


@pytest.fixture
def window(browser: Browser, live_server: LiveServer, tenant: Tenant) -> Iterator[Window]:
    """Opens a window signed in with a role. Anything that the page reports as an error fails the test."""
    contexts: list[BrowserContext] = []
    troubles: list[str] = []

    def open_window(role: Role | None = Role.APP_ADMIN, **options: Any) -> Page:
        context = browser.new_context(base_url=live_server.url, **options)
        context.set_default_timeout(15_000)
        contexts.append(context)
        if role:
            session = tenant.client(role).cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda message: troubles.append(message.text) if _is_csp(message.text) else None)
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert troubles == []


def _is_csp(message: str) -> bool:
    return "Content Security Policy" in message
