"""Prompts whose actions would be refused are flagged wherever prompts are listed."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from actions.models import ActionConfig
from actions.prompt_overview import PromptOverview, overview_of_prompts
from connector.crypto import Secret
from connector.models import Connection
from connector.permissions import PERMISSIONS
from sync import inbox
from sync.catalogue import sync_catalogue
from sync.models import Coupon, Price, Product, PromotionCode
from tests.factories import Tenant, make_app, make_connection, make_prompt
from tests.sandbox_process import StripeAccount
from tests.sync import stripe_shapes as shapes
from tests.sync.conftest import let_time_pass
from tests.sync.webhook_requests import deliver

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


PAST, FUTURE = "2020-01-01T00:00Z", "2050-01-01T00:00Z"
SPENT = {"max_redemptions": 5, "times_redeemed": 5}
NO_LONGER_USABLE = [
    (Price, {"active": False}),
    (Product, {"active": False}),
    (Product, {"deleted": True}),
    (Price, {"deleted": True}),
    (Coupon, {"redeem_by": PAST}),
    (Coupon, SPENT),
    (Coupon, {"valid": False}),
    (Coupon, {"deleted": True}),
    (PromotionCode, {"active": False}),
    (PromotionCode, {"expires_at": PAST}),
    (PromotionCode, SPENT),
]


@pytest.fixture
def offered(tenant: Tenant, connection: Connection) -> None:
    """A prompt with a plan, another with a coupon, another with a code of that coupon, all of which can be used."""
    offer_coupon(connection)
    Product.objects.create(connection=connection, stripe_id="prod_1", name="Pro", rank=1)
    Price.objects.create(
        connection=connection, stripe_id="price_1", product="prod_1", currency="usd", unit_amount=900,
        interval="month", interval_count=1, rank=1,
    )  # fmt: skip
    PromotionCode.objects.create(
        connection=connection, stripe_id="promo_1", code="HELLO", coupon="STAY20", expires_at=FUTURE, rank=1
    )
    for position, (action, parameters) in enumerate(
        [
            ("subscribe", {"price": "price_1"}),
            ("apply_discount", {"coupon": "STAY20"}),
            ("apply_discount", {"promotion_code": "promo_1"}),
        ]
    ):
        ActionConfig.objects.create(
            app_id=tenant.id, prompt_id=make_prompt(tenant, key=f"offer-{position}"), interaction="accept",
            position=0, action=action, parameters=parameters, enabled=True,
        )  # fmt: skip


def troubled(tenant: Tenant, connection: Connection) -> set[str]:
    overview = overview_of_prompts(app_id=tenant.id, connection=connection)
    return {prompt for prompt, found in overview.items() if found.troubled}


@pytest.mark.parametrize(("model", "change"), NO_LONGER_USABLE)
def test_it_flags_what_was_archived_expired_or_used_up_in_the_list_and_on_the_settings_page(
    tenant: Tenant, connection: Connection, offered: None, model: Any, change: dict[str, Any]
) -> None:
    assert troubled(tenant, connection) == set()

    model.objects.update(**change)

    expected = {Price: {"offer-0"}, Product: {"offer-0"}, PromotionCode: {"offer-2"}}
    flagged = expected.get(model, {"offer-1", "offer-2"})  # a code is worth what its coupon is
    assert troubled(tenant, connection) == flagged
    prompts = tenant.client().get("/prompts/").content.decode()
    assert prompts.count("An action cannot run") == len(flagged)
    settings_page = tenant.client().get("/settings/actions/stripe/").content.decode()
    assert {
        one for one in ("offer-0", "offer-1", "offer-2") if f'href="/prompts/{one}/"' in settings_page
    } == flagged


def test_it_flags_a_plan_right_after_stripe_tells_that_it_was_archived(
    tenant: Tenant, connection: Connection, offered: None
) -> None:
    archived = shapes.price(id="price_1", product="prod_1", active=False)
    assert deliver(connection, shapes.event("price.updated", archived)) == ["stored"]
    inbox.drain()
    assert troubled(tenant, connection) == {"offer-0"}


@pytest.mark.parametrize("gone", [False, True], ids=["used up", "deleted"])
def test_it_flags_a_coupon_after_the_next_read_of_the_catalogue(
    settings: Any, stripe_account: StripeAccount, tenant: Tenant, gone: bool
) -> None:
    settings.ENGAGE_STRIPE = {**settings.ENGAGE_STRIPE, "STRIPE_API_BASE": stripe_account.sandbox.url}
    granted = {permission.name: {"state": "granted"} for permission in PERMISSIONS}
    key = Secret(stripe_account.secret_key)
    connection = make_connection(
        app_id=tenant.id, permissions=granted, api_key=key, stripe_account_id=stripe_account.id
    )
    coupons = stripe_account.client.v1.coupons
    coupons.create({"id": "STAY20", "percent_off": 20, "duration": "once", "max_redemptions": 1})
    add_coupon_action(tenant, prompt="one")
    sync_catalogue(connection=connection)
    assert troubled(tenant, connection) == set()
    let_time_pass(stripe_account.sandbox, 60)
    if gone:
        coupons.delete("STAY20")
    else:
        redeem(stripe_account, "STAY20")
    let_time_pass(stripe_account.sandbox, 60)

    sync_catalogue(connection=connection, complete=False)

    assert troubled(tenant, connection) == {"one"}


def redeem(account: StripeAccount, coupon: str) -> None:
    stripe = account.client.v1
    price = stripe.prices.create({"product_data": {"name": "Pro"}, "currency": "usd", "unit_amount": 900,
                                  "recurring": {"interval": "month"}}).id  # fmt: skip
    stripe.subscriptions.create(
        {"customer": stripe.customers.create({}).id, "items": [{"price": price}], "trial_period_days": 7,
         "discounts": [{"coupon": coupon}]}
    )  # fmt: skip
