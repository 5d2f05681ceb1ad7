"""An admin brings in who is who, looks a user up, and disconnects."""

import pytest
from playwright.sync_api import Page, expect

from connector.host import Role
from connector.models import Connection
from sync.tasks import import_waiting
from tests.e2e.accessibility import find_violations
from tests.e2e.conftest import Window
from tests.e2e.shop import Shop, open_shop
from tests.factories import Tenant
from tests.sandbox_process import StripeAccount

GOOD_ROWS = "".join(f"reader-{number},,reader-{number}@example.com\n" for number in range(9))
CSV = f"user_id,stripe_id,email_address\n{GOOD_ROWS},,nobody@example.com\n".encode()


@pytest.fixture
def shop(tenant: Tenant, account: StripeAccount) -> Shop:
    return open_shop(tenant, account)


def upload(page: Page) -> None:
    page.goto("/settings/actions/stripe/")
    page.get_by_role("link", name="Data sync", exact=True).click()
    page.get_by_label("CSV file").set_input_files({"name": "users.csv", "mimeType": "text/csv", "buffer": CSV})
    page.get_by_role("button", name="Upload").click()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_it_imports_an_uploaded_file_and_names_its_bad_line(
    window: Window, tenant: Tenant, shop: Shop, scripts: bool
) -> None:
    page = window(Role.APP_ADMIN, java_script_enabled=scripts)

    upload(page)
    import_waiting(str(tenant.id))  # what the worker does next

    page.reload()
    expect(page.get_by_text("Done").first).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="user_id is empty")).to_contain_text("11")
    if scripts:
        assert find_violations(page) == []


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_it_shows_a_user_s_traits(window: Window, shop: Shop, scripts: bool) -> None:
    page = window(Role.APP_ADMIN, java_script_enabled=scripts)
    page.goto("/settings/users/lookup/")

    page.get_by_label("User ID").fill(shop.user_id)
    page.get_by_role("button", name="Look up").click()

    expect(page.get_by_role("heading", name=shop.user_id)).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="subscription_status")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_it_searches_the_catalogue(window: Window, shop: Shop, scripts: bool) -> None:
    page = window(Role.APP_ADMIN, java_script_enabled=scripts)
    page.goto("/settings/actions/stripe/catalogue/")
    expect(page.get_by_text("Pro, $20 a month")).to_be_visible()

    page.get_by_label("Name or ID").fill("starter")
    page.get_by_role("button", name="Search").click()

    expect(page.get_by_text("Pro, $20 a month")).to_have_count(0)
    expect(page.get_by_text("Starter, $9 a month")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_it_says_what_stops_before_it_disconnects(window: Window, shop: Shop, scripts: bool) -> None:
    page = window(Role.APP_ADMIN, java_script_enabled=scripts)
    page.goto("/settings/actions/stripe/")

    page.get_by_role("link", name="Disconnect").click()
    expect(page.get_by_role("button", name="Disconnect")).to_be_visible()
    assert Connection.objects.get(id=shop.connection.id).status == Connection.Status.ACTIVE
    assert not scripts or find_violations(page) == []
    page.get_by_role("button", name="Disconnect").click()

    expect(page.get_by_text("Traits and history are kept")).to_be_visible()
    assert Connection.objects.get(id=shop.connection.id).status == Connection.Status.REVOKED
