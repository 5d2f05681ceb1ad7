"""Signing in as a person does it."""

import pytest
from playwright.sync_api import expect

from connector.host import Role
from engage_stripe.standalone import services
from engage_stripe.standalone.models import App
from tests.e2e.conftest import Window
from tests.factories import Tenant, make_prompt


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_it_signs_in_and_shows_the_prompts_of_the_app(window: Window, tenant: Tenant, scripts: bool) -> None:
    make_prompt(tenant, name="Win back")
    services.create_console_user(
        app=App.objects.get(id=tenant.id),
        email="ada@example.com",
        name="Ada",
        role=Role.APP_MEMBER,
        password="correct horse battery",
    )
    page = window(None, java_script_enabled=scripts)

    page.goto("/prompts/")
    page.get_by_label("Email").fill("Ada@Example.com")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", name="Prompts")).to_be_visible()
    expect(page.get_by_role("link", name="Win back")).to_be_visible()
