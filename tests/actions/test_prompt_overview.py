"""Prompts whose actions would be refused are flagged wherever prompts are listed."""

import pytest
from pytest_django import DjangoAssertNumQueries

from actions.models import ActionConfig
from actions.prompt_overview import PromptOverview, overview_of_prompts
from connector.models import Connection
from connector.permissions import PERMISSIONS
from sync.models import Coupon
from tests.factories import Tenant, make_app, make_connection, make_prompt

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant() -> Tenant:
    return make_app()


@pytest.fixture
def connection(tenant: Tenant) -> Connection:
    granted = {permission.name: {"state": "granted"} for permission in PERMISSIONS}
    return make_connection(app_id=tenant.id, permissions=granted)


def add_coupon_action(tenant: Tenant, *, prompt: str, position: int = 0, enabled: bool = True) -> None:
    ActionConfig.objects.create(
        app_id=tenant.id,
        prompt_id=make_prompt(tenant, key=prompt, name=f"Prompt {prompt}"),
        interaction="accept",
        position=position,
        action="apply_discount",
        parameters={"coupon": "STAY20"},
        enabled=enabled,
    )


def offer_coupon(connection: Connection) -> None:
    Coupon.objects.create(
        connection=connection,
        stripe_id="STAY20",
        name="Stay",
        valid=True,
        percent_off="20",
        duration="once",
        times_redeemed=0,
        rank=1,
    )


def test_it_counts_the_actions_of_each_prompt(tenant: Tenant, connection: Connection) -> None:
    offer_coupon(connection)
    add_coupon_action(tenant, prompt="one")
    add_coupon_action(tenant, prompt="two")
    add_coupon_action(tenant, prompt="two", position=1)
    add_coupon_action(tenant, prompt="off", enabled=False)
    add_coupon_action(make_app(), prompt="foreign")

    overview = overview_of_prompts(app_id=tenant.id, connection=connection)

    assert overview == {"one": PromptOverview(1, 0), "two": PromptOverview(2, 0)}


def test_it_flags_a_coupon_that_is_gone_in_the_list_and_on_the_settings_page(
    tenant: Tenant, connection: Connection
) -> None:
    add_coupon_action(tenant, prompt="one")

    assert overview_of_prompts(app_id=tenant.id, connection=connection)["one"].troubled == 1
    assert "An action cannot run" in tenant.client().get("/prompts/").content.decode()
    settings_page = tenant.client().get("/settings/actions/stripe/").content.decode()
    assert "Prompts whose actions cannot run" in settings_page
    assert 'href="/prompts/one/"' in settings_page


def test_it_flags_a_permission_that_is_missing(tenant: Tenant, connection: Connection) -> None:
    offer_coupon(connection)
    add_coupon_action(tenant, prompt="one")
    connection.permissions = {}

    assert overview_of_prompts(app_id=tenant.id, connection=connection)["one"].troubled == 1


def test_it_says_nothing_where_all_is_well(tenant: Tenant, connection: Connection) -> None:
    offer_coupon(connection)
    add_coupon_action(tenant, prompt="one")

    page = tenant.client().get("/prompts/").content.decode()
    assert "cannot run" not in page
    assert "1 action" in page


def test_it_asks_a_constant_number_of_questions(
    tenant: Tenant, connection: Connection, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    offer_coupon(connection)
    for number in range(20):
        add_coupon_action(tenant, prompt=f"prompt-{number}")

    with django_assert_max_num_queries(9):
        overview_of_prompts(app_id=tenant.id, connection=connection)
