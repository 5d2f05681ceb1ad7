"""Preview and test: a dry run for any user, the real thing for the prompt's test users."""

from html import unescape

import pytest
from django.test import Client

from actions.models import Execution
from connector.host import Role
from engage_stripe.standalone.models import Prompt
from tests.actions.shop import Shop, Subscriber
from tests.factories import make_app

ADDRESS = "/prompts/win-back/accept/test/"


@pytest.fixture
def user(full_shop: Shop) -> Subscriber:
    """On Basic, with a prompt that switches to Pro."""
    user = full_shop.subscriber(full_shop.price("Basic", 1000))
    parameters = {"price": full_shop.price("Pro", 123_450), "proration_behavior": "always_invoice"}
    full_shop.configure({"action": "update_subscription", "parameters": parameters})
    return user


def make_test_user(shop: Shop, user: Subscriber) -> None:
    Prompt.objects.filter(app_id=shop.tenant.id).update(test_user_ids=[user.user_id])


def plan_of(shop: Shop, user: Subscriber) -> int:
    amount: int = shop.subscription(user)["items"]["data"][0]["price"]["unit_amount"]
    return amount


def test_it_shows_a_dry_run_in_the_designers_locale(full_shop: Shop, user: Subscriber) -> None:
    client = full_shop.tenant.client(Role.APP_MEMBER)

    english = unescape(client.get(ADDRESS, {"user_id": user.user_id}).content.decode())
    german = unescape(
        client.get(ADDRESS, {"user_id": user.user_id}, headers={"Accept-Language": "de"}).content.decode()
    )

    assert "Due now $1,224.50, proration $1,224.50 (Stripe's own figures)" in english
    assert "Due now 1.224,50\u00a0$" in german
    assert "make this user a test user of the prompt" in english
    assert full_shop.changes() == []


def test_it_runs_for_a_test_user(full_shop: Shop, user: Subscriber) -> None:
    make_test_user(full_shop, user)
    client = full_shop.tenant.client(Role.APP_MEMBER)
    page = client.get(ADDRESS, {"user_id": user.user_id}).content.decode()
    assert "Run for this test user now" in page
    assert f'<option value="{user.user_id}">' in page

    answer = client.post(ADDRESS, {"user_id": user.user_id}).content.decode()

    assert "What happened" in answer
    assert "The plan is now Pro" in answer
    assert plan_of(full_shop, user) == 123_450
    assert Execution.objects.get(app_id=full_shop.tenant.id).source == Execution.Source.CONSOLE


def test_it_runs_for_nobody_else(full_shop: Shop, user: Subscriber) -> None:
    answer = full_shop.tenant.client().post(ADDRESS, {"user_id": user.user_id}).content.decode()

    assert "What happened" not in answer
    assert plan_of(full_shop, user) == 1000
    assert not Execution.objects.filter(app_id=full_shop.tenant.id).exists()


def test_it_says_so_for_a_user_whom_nobody_knows(full_shop: Shop, user: Subscriber) -> None:
    page = full_shop.tenant.client().get(ADDRESS, {"user_id": "nobody"}).content.decode()

    assert "Would not run" in page
    assert "The user has no customer at Stripe." in page


def test_it_keeps_apps_and_roles_apart(full_shop: Shop, user: Subscriber) -> None:
    make_test_user(full_shop, user)

    for someone, refused in [
        (full_shop.tenant.client(Role.READ_ONLY), 403),
        (make_app().client(), 404),
        (Client(), 302),
    ]:
        assert someone.get(ADDRESS, {"user_id": user.user_id}).status_code == refused
        assert someone.post(ADDRESS, {"user_id": user.user_id}).status_code == refused
    assert plan_of(full_shop, user) == 1000
