"""Settings → Actions → Stripe → Activity."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from connector.host import Role
from tests.actions.shop import Shop
from tests.factories import make_app

URL = "/settings/actions/stripe/activity/"


def test_it_shows_what_a_click_came_to(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Basic"))
    shop.outcome(user, "cancel_subscription")

    content = shop.tenant.client(Role.READ_ONLY).get(URL).content.decode()

    assert user.user_id in content
    assert "Cancel subscription" in content
    assert "Succeeded" in content
    assert "s of it at Stripe" in content


def test_it_narrows_to_one_user(shop: Shop) -> None:
    basic = shop.price("Basic")
    ada, bob = shop.subscriber(basic), shop.subscriber(basic)
    shop.configure({"action": "keep_subscription"})
    shop.click(ada)
    shop.click(bob)

    content = shop.tenant.client().get(URL, {"user_id": ada.user_id}).content.decode()

    assert ada.user_id in content
    assert bob.user_id not in content


def test_it_hides_other_apps_clicks(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Basic"))
    shop.outcome(user, "keep_subscription")

    assert user.user_id not in make_app().client().get(URL).content.decode()


def test_it_runs_from_the_command_line(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Basic"))
    shop.configure({"action": "cancel_subscription"})
    out = StringIO()

    call_command(
        "execute_action", user.user_id, app=str(shop.tenant.id), prompt=shop.prompt, json=True, stdout=out
    )

    assert json.loads(out.getvalue())["outcomes"][0]["status"] == "succeeded"


def test_it_ends_with_a_message_for_an_unknown_user(shop: Shop) -> None:
    with pytest.raises(CommandError, match="No user with this id"):
        call_command("execute_action", "nobody", app=str(shop.tenant.id), prompt=shop.prompt)
