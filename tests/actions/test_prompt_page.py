"""A prompt's page and the Add action dialog."""

import re
from collections.abc import Iterator
from html import unescape

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from actions.models import ActionConfig, ConfigChange
from connector.host import Role
from sync.models import Coupon, Price
from tests.actions.shop import Shop
from tests.factories import make_app


def page(shop: Shop, path: str = "") -> str:
    return f"/prompts/{shop.prompt}/{path}"


def version_of(client: Client, shop: Shop) -> str:
    found = re.search(r'name="version" value="(\w+)"', client.get(page(shop)).content.decode())
    assert found
    return found[1]


def configured(shop: Shop, *names: str) -> list[str]:
    prices = [shop.price(name) for name in names]
    shop.configure(*({"action": "update_subscription", "parameters": {"price": price}} for price in prices))
    return prices


def order(shop: Shop) -> list[str]:
    return [config.parameters["price"] for config in ActionConfig.objects.filter(app_id=shop.tenant.id)]


def test_it_shows_the_five_interactions(shop: Shop) -> None:
    content = shop.tenant.client().get(page(shop)).content.decode()

    for label in ("Accept", "Secondary accept", "Decline", "Dismiss", "Timeout"):
        assert f">{label}</h2>" in content


def test_it_says_in_plain_words_what_an_action_does(shop: Shop) -> None:
    parameters = {"price": shop.price("Pro"), "proration_behavior": "always_invoice"}
    shop.configure({"action": "update_subscription", "parameters": parameters})

    content = unescape(shop.tenant.client().get(page(shop)).content.decode())

    assert (
        "On Accept: switch the user's current plan to Pro, $20 a month, now, invoice the difference immediately; "
        "if the card fails, change nothing." in content
    )


def test_it_disables_actions_that_the_key_cannot_do(shop: Shop) -> None:
    content = shop.tenant.client().get(page(shop, "accept/add/")).content.decode()

    assert "The Stripe key lacks Customer portal → Write (rak_customer_portal_session_write)." in content
    assert 'href="/prompts/win-back/accept/add/payment_method_link/"' not in content
    assert 'href="/prompts/win-back/accept/add/update_subscription/"' in content


def test_it_does_not_open_what_the_key_cannot_do(shop: Shop) -> None:
    client = shop.tenant.client()

    for send in (client.get, client.post):
        answer = send(page(shop, "accept/add/payment_method_link/"), follow=True)
        assert "“Payment-method link” is not available." in answer.content.decode()
    assert not ActionConfig.objects.filter(app_id=shop.tenant.id).exists()


def test_it_answers_the_dialog_alone_to_htmx(shop: Shop) -> None:
    content = shop.tenant.client().get(page(shop, "accept/add/"), headers={"HX-Request": "true"}).content

    assert b"Add action to Accept" in content
    assert b"<html" not in content


def test_it_adds_an_action_by_dropdowns(shop: Shop) -> None:
    price = configured(shop, "Pro")[0]
    client = shop.tenant.client(Role.APP_MEMBER)
    url = page(shop, "decline/add/update_subscription/")
    assert b'<optgroup label="Pro">' in client.get(url).content

    answer = client.post(
        url,
        {
            "version": re.search(rb'name="version" value="(\w+)"', client.get(url).content)[1].decode(),  # type: ignore[index]
            "price": price,
            "timing": "now",
            "proration_behavior": "always_invoice",
            "billing_cycle_anchor": "unchanged",
            "payment_behavior": "error_if_incomplete",
            "trial": "keep",
            "on_error": "continue",
        },
    )

    assert answer.status_code == 302
    config = ActionConfig.objects.get(app_id=shop.tenant.id, interaction="decline")
    assert (config.parameters["proration_behavior"], config.on_error) == ("always_invoice", "continue")


def test_it_says_what_is_wrong_beside_the_field(shop: Shop) -> None:
    answer = shop.tenant.client().post(
        page(shop, "accept/add/apply_discount/"), {"mode": "add", "on_error": "stop"}
    )

    assert answer.status_code == 422
    assert b"Choose either a coupon or a promotion code." in answer.content


@pytest.mark.parametrize(
    ("position", "verb", "expected"),
    [(1, "up", "BAC"), (0, "down", "BAC"), (2, "remove", "AB"), (0, "duplicate", "AABC"), (0, "up", "ABC")],
)
def test_it_orders_duplicates_and_deletes_by_buttons(shop: Shop, position: int, verb: str, expected: str) -> None:
    prices = dict(zip(configured(shop, "A", "B", "C"), "ABC", strict=True))
    client = shop.tenant.client()

    client.post(page(shop, f"accept/{position}/{verb}/"), {"version": version_of(client, shop)})

    assert "".join(prices[price] for price in order(shop)) == expected


def test_it_moves_an_action_where_it_was_dropped(shop: Shop) -> None:
    prices = dict(zip(configured(shop, "A", "B", "C"), "ABC", strict=True))
    client = shop.tenant.client()

    client.post(page(shop, "accept/0/move/"), {"version": version_of(client, shop), "to": "2"})

    assert "".join(prices[price] for price in order(shop)) == "BCA"


def test_it_disables_and_enables_an_action(shop: Shop) -> None:
    configured(shop, "A")
    client = shop.tenant.client()

    for enabled in (False, True):
        client.post(page(shop, "accept/0/toggle/"), {"version": version_of(client, shop)})
        assert ActionConfig.objects.get(app_id=shop.tenant.id).enabled is enabled


def test_it_does_not_overwrite_what_somebody_else_changed(shop: Shop) -> None:
    configured(shop, "A", "B")
    client = shop.tenant.client()
    stale = version_of(client, shop)
    client.post(page(shop, "accept/0/toggle/"), {"version": stale})

    answer = client.post(page(shop, "accept/1/remove/"), {"version": stale}, follow=True)

    assert b"Somebody else has changed these actions." in answer.content
    assert ActionConfig.objects.filter(app_id=shop.tenant.id).count() == 2


def test_it_keeps_who_changed_what(shop: Shop) -> None:
    configured(shop, "A")
    client = shop.tenant.client()
    client.post(page(shop, "accept/0/toggle/"), {"version": version_of(client, shop)})

    assert ConfigChange.objects.filter(app_id=shop.tenant.id).count() == 2
    assert b"(disabled) switch the user" in client.get(page(shop, "history/")).content


def test_it_warns_when_a_plan_is_gone(shop: Shop) -> None:
    price = configured(shop, "A")[0]
    shop.stripe.prices.update(price, {"active": False})
    Price.objects.filter(stripe_id=price).update(active=False)

    assert b"is archived at Stripe" in shop.tenant.client().get(page(shop)).content


def test_it_previews_for_a_user(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Basic", 1000))
    configured(shop, "Pro")

    content = shop.tenant.client().get(page(shop, "accept/test/"), {"user_id": user.user_id}).content.decode()

    assert "Would run" in content
    assert "our estimate, before tax and balance" in content
    assert shop.changes() == []


def pages(shop: Shop) -> Iterator[tuple[str, str]]:
    for path in ("accept/add/", "accept/add/update_subscription/", "accept/0/", "accept/test/"):
        yield "get", page(shop, path)
    for path in ("accept/0/remove/", "accept/0/toggle/"):
        yield "post", page(shop, path)


def test_it_lets_read_only_users_look_but_not_edit(shop: Shop) -> None:
    configured(shop, "A")
    client = shop.tenant.client(Role.READ_ONLY)

    assert client.get(page(shop)).status_code == 200
    assert b"Add action" not in client.get(page(shop)).content
    assert client.get(page(shop, "history/")).status_code == 200
    assert [getattr(client, method)(url).status_code for method, url in pages(shop)] == [403] * 6
    assert len(order(shop)) == 1


def test_it_hides_prompts_of_other_apps(shop: Shop) -> None:
    configured(shop, "A")
    client = make_app().client()

    assert client.get(page(shop)).status_code == 404
    assert client.get(page(shop, "history/")).status_code == 404
    assert [getattr(client, method)(url).status_code for method, url in pages(shop)] == [404] * 6
    assert len(order(shop)) == 1


def test_it_sends_strangers_to_the_sign_in(shop: Shop) -> None:
    assert Client().get(page(shop)).status_code == 302


def test_it_takes_as_many_statements_for_twenty_actions_as_for_one(shop: Shop) -> None:
    names = [f"Plan {number}" for number in range(5)]
    prices = configured(shop, *names[:1])
    client = shop.tenant.client()
    client.get(page(shop))
    with CaptureQueriesContext(database) as few:
        client.get(page(shop))
        client.get(page(shop, "history/"))
    actions = [
        {"action": "update_subscription", "parameters": {"price": price}, "target": prices}
        for price in [shop.price(name) for name in names]
    ]
    for interaction in ("accept", "decline", "dismiss", "timeout"):
        shop.configure(*actions, interaction=interaction)
    with CaptureQueriesContext(database) as many:
        client.get(page(shop))
        client.get(page(shop, "history/"))

    assert len(many) == len(few)


@pytest.mark.parametrize(
    ("position", "verb", "to", "anchor"),
    [
        (1, "up", "", "accept-0-down"),  # at the top, the other button
        (1, "down", "", "accept-2-up"),
        (2, "up", "", "accept-1-up"),
        (0, "duplicate", "", "accept-1-duplicate"),
        (2, "remove", "", "accept-1-remove"),
        (0, "toggle", "", "accept-0-toggle"),
        (0, "move", "2", "accept-2"),
    ],
)
def test_it_lets_the_keyboard_go_on_where_it_was(
    shop: Shop, position: int, verb: str, to: str, anchor: str
) -> None:
    """Browsers focus what an address's fragment names."""
    configured(shop, "A", "B", "C")
    client = shop.tenant.client()

    answer = client.post(page(shop, f"accept/{position}/{verb}/"), {"version": version_of(client, shop), "to": to})

    assert answer["Location"] == f"{page(shop)}#{anchor}"
    assert f'id="{anchor}"' in client.get(page(shop)).content.decode()


def test_it_warns_when_a_switch_moves_the_billing_date(shop: Shop) -> None:
    monthly, yearly = shop.price("Pro"), shop.price("Yearly", recurring={"interval": "year"})
    parameters = {"price": yearly, "proration_behavior": "none"}
    shop.configure({"action": "update_subscription", "parameters": parameters, "target": [monthly]})

    content = shop.tenant.client().get(page(shop)).content.decode()

    assert "Stripe bills the new one at once and moves the billing date." in content
    assert "what is left of the old plan is not credited" in content


def test_it_does_not_warn_of_coupons_that_are_to_be_taken_away(shop: Shop) -> None:
    coupon = shop.coupon(max_redemptions=1)
    shop.configure({"action": "remove_discounts", "parameters": {"coupon": coupon}})
    Coupon.objects.filter(stripe_id=coupon).update(times_redeemed=1)

    assert "Attention" not in shop.tenant.client().get(page(shop)).content.decode()
