"""The kill switch, caps and cooldowns."""

from typing import Any

import pytest

from actions.models import ActionLimit
from connector.host import Role
from tests.actions.shop import Shop
from tests.factories import make_app


def limit(shop: Shop, action: str = "", **fields: Any) -> None:
    ActionLimit.objects.create(connection=shop.connection, action=action, **fields)


def toggled(shop: Shop, times: int) -> list[tuple[str, str]]:
    """Cancel and keep in turn; each is a change at Stripe."""
    user = shop.subscriber(shop.price("Basic"))
    outcomes = []
    for number in range(times):
        action = "keep_subscription" if number % 2 else "cancel_subscription"
        outcome = shop.outcome(user, action)
        outcomes.append((outcome["status"], outcome.get("code", "")))
    return outcomes


@pytest.mark.parametrize("action", ["", "cancel_subscription"])
def test_it_switches_off_one_action_or_all(shop: Shop, action: str) -> None:
    limit(shop, action, paused=True)

    assert toggled(shop, 1) == [("not_allowed", "paused")]
    assert shop.changes() == []


def test_it_caps_a_users_changes_per_day(shop: Shop) -> None:
    limit(shop, per_user_per_day=2)

    assert toggled(shop, 3) == [("succeeded", ""), ("succeeded", ""), ("not_allowed", "cap_per_user")]
    assert toggled(shop, 1) == [("succeeded", "")]


def test_it_caps_all_changes_per_day(shop: Shop) -> None:
    limit(shop, "cancel_subscription", per_day=1)

    assert toggled(shop, 1) == [("succeeded", "")]
    assert toggled(shop, 1) == [("not_allowed", "cap_per_day")]


def test_it_waits_between_two_clicks_of_a_user(shop: Shop) -> None:
    limit(shop, cooldown_minutes=5)

    assert toggled(shop, 2) == [("succeeded", ""), ("not_allowed", "cooldown")]


def test_it_does_not_hold_actions_of_one_click_back(shop: Shop) -> None:
    limit(shop, cooldown_minutes=5)
    shop.configure({"action": "cancel_subscription"}, {"action": "keep_subscription"})

    outcomes = shop.click(shop.subscriber(shop.price("Basic")))["outcomes"]

    assert [outcome["status"] for outcome in outcomes] == ["succeeded", "succeeded"]


def test_it_saves_limits_from_the_page(shop: Shop) -> None:
    client = shop.tenant.client(Role.APP_ADMIN)
    page = client.get("/settings/actions/stripe/limits/").content.decode()
    assert "Limits and kill switch" in page
    for field in ("all-paused", "pause-per_day", "pause-per_user_per_day", "pause-cooldown_minutes"):
        assert f'name="{field}"' in page

    answer = client.post("/settings/actions/stripe/limits/", {"all-paused": "on", "pause-per_day": "7"})

    assert answer.status_code == 302
    assert ActionLimit.objects.get(connection=shop.connection, action="").paused is True
    assert ActionLimit.objects.get(connection=shop.connection, action="pause").per_day == 7


@pytest.mark.parametrize("role", [Role.APP_MEMBER, Role.READ_ONLY])
def test_it_lets_only_admins_set_limits(shop: Shop, role: Role) -> None:
    client = shop.tenant.client(role)

    assert client.get("/settings/actions/stripe/limits/").status_code == 403
    assert client.post("/settings/actions/stripe/limits/", {"all-paused": "on"}).status_code == 403
    assert not ActionLimit.objects.exists()


def test_it_leaves_other_apps_limits_alone(shop: Shop) -> None:
    make_app().client().post("/settings/actions/stripe/limits/", {"all-paused": "on"})

    assert not ActionLimit.objects.exists()
