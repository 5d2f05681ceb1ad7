"""What could never work is refused with a sentence at its field, by the API and by the form alike."""

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from actions.amount_fields import as_written
from actions.models import ActionConfig, ActionLimit
from connector.models import Connection
from sync.models import Coupon, Price
from tests.actions.catalogue_rows import code, coupon, plan
from tests.actions.shop import Shop
from tests.factories import Tenant, make_app, make_connection, make_prompt

ACTIONS = "/api/v1/prompts/win-back/interactions/accept/actions/"


@pytest.fixture
def tenant(db: None) -> Tenant:
    tenant = make_app()
    make_prompt(tenant)
    return tenant


@pytest.fixture
def connection(tenant: Tenant) -> Connection:
    granted = ("rak_subscription_write", "rak_customer_portal_session_write")
    connection = make_connection(app_id=tenant.id, permissions={name: {"state": "granted"} for name in granted})
    plan(connection, "Pro", 2000)
    plan(connection, "Basic", 1000)
    plan(connection, "Euros", 2000, currency="eur")
    plan(connection, "World", 2000, currency_options={"eur": {"unit_amount": 1900}})
    plan(connection, "Dinar", 20_000, currency="kwd")
    plan(connection, "Metered", usage_type="metered")
    plan(connection, "Archived", active=False)
    plan(connection, "Once", interval=None)
    coupon(connection, "Off")
    coupon(connection, "Euros_off", percent_off=None, amount_off=500, currency="eur")
    coupon(connection, "Pro_off", applies_to_products=["prod_pro"])
    coupon(connection, "Spent", max_redemptions=1, times_redeemed=1)
    coupon(connection, "Expired", redeem_by=timezone.now() - timedelta(days=1))
    code(connection, "GOOD", "OFF")
    code(connection, "INACTIVE", "OFF", active=False)
    code(connection, "OF_SPENT", "SPENT")
    code(connection, "OF_PRO", "PRO_OFF")
    code(connection, "BIG", "OFF", minimum_amount=5000, minimum_amount_currency="usd")
    ActionLimit.objects.create(connection=connection, action="override_price", plans=["price_pro", "price_dinar"])
    return connection


REFUSED: list[tuple[str, dict[str, Any], list[str], str, str]] = [
    ("subscribe", {"price": "price_archived"}, [], "price", "Archived, $20 a month is archived at Stripe."),
    ("subscribe", {"price": "price_once"}, [], "price", "one-time price"),
    ("subscribe", {"price": "price_pro", "coupon": "SPENT"}, [], "coupon", "Spent (20% off once) is used up."),
    ("subscribe", {"price": "price_pro", "coupon": "EXPIRED"}, [], "coupon", "has expired."),
    ("subscribe", {"price": "price_pro", "coupon": "EUROS_OFF"}, [], "coupon", "an amount in EUR"),
    ("subscribe", {"price": "price_basic", "coupon": "PRO_OFF"}, [], "coupon", "limited to other products"),
    ("subscribe", {"price": "price_pro", "promotion_code": "promo_INACTIVE"}, [], "promotion_code", "is archived"),
    ("subscribe", {"price": "price_pro", "promotion_code": "promo_OF_SPENT"}, [], "promotion_code", "is used up"),
    (
        "subscribe",
        {"price": "price_basic", "promotion_code": "promo_OF_PRO"},
        [],
        "promotion_code",
        "other products",
    ),
    ("subscribe", {"price": "price_pro", "promotion_code": "promo_BIG"}, [], "promotion_code", "at least $50"),
    (
        "subscribe",
        {"price": "price_pro", "coupon": "OFF", "promotion_code": "promo_GOOD"},
        [],
        "promotion_code",
        "not both",
    ),
    ("update_subscription", {"price": "price_metered", "quantity": 2}, [], "quantity", "has no quantity"),
    (
        "update_subscription",
        {"price": "price_pro"},
        ["price_euros"],
        "price",
        "no price in a currency of the targeted",
    ),
    (
        "update_subscription",
        {"price": "price_basic", "coupon": "PRO_OFF"},
        ["price_pro"],
        "coupon",
        "other products",
    ),
    ("apply_discount", {}, [], "coupon", "Choose either a coupon or a promotion code."),
    ("apply_discount", {"coupon": "PRO_OFF"}, ["price_basic"], "coupon", "other products"),
    ("apply_discount", {"coupon": "EUROS_OFF"}, ["price_pro", "price_basic"], "coupon", "an amount in EUR"),
    ("change_quantity", {"quantity": 2}, ["price_metered"], "quantity", "has no quantity"),
    ("change_quantity", {"quantity": 0, "mode": "add"}, [], "quantity", "changes nothing"),
    ("change_quantity", {"quantity": 0}, [], "quantity", "at least 1"),
    ("override_price", {"unit_amount": 500, "currency": "eur"}, [], "currency", "billed in EUR"),
    (
        "override_price",
        {"unit_amount": 500, "currency": "usd"},
        ["price_basic"],
        "target",
        "An App admin has to allow",
    ),
    ("override_price", {"unit_amount": 505, "currency": "kwd"}, [], "unit_amount", "last digit of 0"),
    ("payment_method_link", {"return_url": "http://shop.example"}, [], "return_url", "must start with https://"),
]
ALLOWED: list[tuple[str, dict[str, Any], list[str]]] = [
    ("subscribe", {"price": "price_pro", "coupon": "PRO_OFF"}, []),
    ("subscribe", {"price": "price_world", "coupon": "EUROS_OFF"}, []),
    ("subscribe", {"price": "price_world", "promotion_code": "promo_BIG"}, []),
    ("update_subscription", {"price": "price_pro", "coupon": "PRO_OFF"}, ["price_basic"]),
    ("update_subscription", {"price": "price_world"}, ["price_euros"]),
    ("update_subscription", {"price": "price_pro"}, ["price_archived"]),
    ("update_subscription", {"price": "price_pro", "quantity": 3}, []),
    ("resubscribe", {"price": "price_pro"}, ["price_euros"]),
    ("apply_discount", {"coupon": "PRO_OFF"}, ["price_basic", "price_pro"]),
    ("apply_discount", {"promotion_code": "promo_BIG"}, ["price_basic"]),
    ("remove_discounts", {"coupon": "SPENT"}, []),
    ("change_quantity", {"quantity": 2}, ["price_metered", "price_pro"]),
    ("override_price", {"unit_amount": 510, "currency": "kwd"}, []),
]


def put(tenant: Tenant, *actions: dict[str, Any]) -> tuple[int, Any]:
    answer = Client().put(
        ACTIONS, json.dumps(actions), content_type="application/json", headers=tenant.api_headers
    )
    return answer.status_code, answer.json()


def post(tenant: Tenant, action: str, parameters: dict[str, Any], target: list[str]) -> tuple[int, str]:
    """By the dialog; what is not given has its default, as in a browser, and an amount is as people write it."""
    if "unit_amount" in parameters:
        parameters = parameters | {"unit_amount": as_written(parameters["unit_amount"], parameters["currency"])}
    client = tenant.client()
    address = f"/prompts/win-back/accept/add/{action}/"
    dialog = client.get(address).content.decode()
    version = dialog.split('name="version" value="')[1].split('"')[0]
    selects = re.findall(r'<select name="(\w+)".*?</select>', dialog, re.DOTALL)
    chosen = {
        name: re.findall(rf'<select name="{name}".*?value="(\w*)" selected', dialog, re.DOTALL) for name in selects
    }
    defaults = {name: values[0] for name, values in chosen.items() if values}
    answer = client.post(
        address, {**defaults, "on_error": "stop", "version": version, **parameters, "target": target}
    )
    return answer.status_code, unescape(answer.content.decode())


@pytest.mark.parametrize(("action", "parameters", "target", "field", "sentence"), REFUSED)
def test_it_refuses_what_could_never_work(
    tenant: Tenant,
    connection: Connection,
    action: str,
    parameters: dict[str, Any],
    target: list[str],
    field: str,
    sentence: str,
) -> None:
    status, answer = put(tenant, {"action": action, "parameters": parameters, "target": target})
    form_status, page = post(tenant, action, parameters, target)

    assert status == 400
    assert sentence in answer["error"]["details"]["fields"][field]
    assert form_status == 422
    (beside,) = re.findall(rf'id="field_{field}".*?<ul class="errorlist.*?</ul>', page, re.DOTALL)
    assert sentence in beside
    assert not ActionConfig.objects.filter(app_id=tenant.id).exists()


@pytest.mark.parametrize(("action", "parameters", "target"), ALLOWED)
def test_it_takes_what_can_work(
    tenant: Tenant, connection: Connection, action: str, parameters: dict[str, Any], target: list[str]
) -> None:
    assert put(tenant, {"action": action, "parameters": parameters, "target": target})[0] == 200
    ActionConfig.objects.filter(app_id=tenant.id).delete()
    assert post(tenant, action, parameters, target)[0] == 302
    assert ActionConfig.objects.get(app_id=tenant.id).action == action


def test_it_lets_an_action_stay_whose_plan_was_archived(tenant: Tenant, connection: Connection) -> None:
    """Ordering, disabling and adding to such a list go on; only a new choice of the plan is refused."""
    old = {"action": "subscribe", "parameters": {"price": "price_pro"}}
    assert put(tenant, old)[0] == 200
    Price.objects.filter(connection=connection, stripe_id="price_pro").update(active=False)

    keep = {"action": "keep_subscription"}
    assert put(tenant, keep, {**old, "enabled": False, "on_error": "continue"})[0] == 200
    changed = {"action": "subscribe", "parameters": {"price": "price_pro", "trial_period_days": 3}}
    assert put(tenant, keep, changed)[0] == 400


def test_it_lets_an_action_stay_whose_coupon_is_gone(tenant: Tenant, connection: Connection) -> None:
    old = {"action": "apply_discount", "parameters": {"coupon": "OFF"}}
    assert put(tenant, old)[0] == 200
    Coupon.objects.filter(connection=connection, stripe_id="OFF").update(deleted=True)

    assert put(tenant, old, {"action": "keep_subscription"})[0] == 200


def test_it_knows_only_the_meters_that_stripe_lists(full_shop: Shop) -> None:
    meters = full_shop.stripe.billing.meters
    terms = {"default_aggregation": {"formula": "sum"}}
    meters.create({"display_name": "API calls", "event_name": "calls", **terms})
    old = meters.create({"display_name": "Old", "event_name": "old", **terms})
    meters.deactivate(old.id)
    dialog = full_shop.tenant.client().get("/prompts/win-back/accept/add/record_usage/").content.decode()

    assert ">API calls, calls</option>" in dialog
    assert "Old" not in dialog
    for event_name, status in [("calls", 200), ("old", 400), ("nope", 400)]:
        parameters = {"event_name": event_name, "value": 1}
        full_shop.configure({"action": "record_usage", "parameters": parameters}, status=status)


def test_it_has_meters_typed_where_they_may_not_be_listed(shop: Shop) -> None:
    shop.connection.permissions["rak_billing_meter_event_write"] = {"state": "granted"}
    shop.connection.save()
    dialog = shop.tenant.client().get("/prompts/win-back/accept/add/record_usage/").content.decode()

    assert '<input type="text" name="event_name"' in dialog
    assert "the Stripe key needs Meters → Read (rak_billing_meter_read)" in dialog
    shop.configure({"action": "record_usage", "parameters": {"event_name": "anything", "value": 1}})
