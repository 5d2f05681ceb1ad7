"""Update existing subscription, against the sandbox."""

from sync.models import Product
from tests.actions.shop import Shop


def test_it_switches_the_plan_and_keeps_the_item(shop: Shop) -> None:
    basic, pro = shop.price("Basic", 1000), shop.price("Pro", 2000)
    user = shop.subscriber(basic)
    before = shop.subscription(user)

    outcome = shop.outcome(user, "update_subscription", price=pro, proration_behavior="always_invoice")

    assert (outcome["status"], outcome["message"]) == ("succeeded", "The plan is now Pro, $20 a month.")
    after = shop.subscription(user)
    assert [item["id"] for item in after["items"]["data"]] == [item["id"] for item in before["items"]["data"]]
    assert after["items"]["data"][0]["price"]["id"] == pro


def test_it_changes_once_for_the_same_idempotency_key(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Basic"))
    shop.configure({"action": "update_subscription", "parameters": {"price": shop.price("Pro")}})

    first = shop.click(user, key="click-1")
    second = shop.click(user, key="click-1")

    assert first == second
    assert shop.changes() == [f"POST /v1/subscriptions/{user.subscription}"]


def test_it_switches_the_targeted_item_of_several(shop: Shop) -> None:
    basic, addon, better = shop.price("Basic", 1000), shop.price("Add-on", 200), shop.price("Better add-on", 400)
    user = shop.subscriber(basic, items=[{"price": basic, "quantity": 2}, {"price": addon, "quantity": 3}])

    shop.outcome(user, "update_subscription", target=[addon], price=better)

    items = shop.subscription(user)["items"]["data"]
    assert [(item["price"]["id"], item["quantity"]) for item in items] == [(basic, 2), (better, 3)]


def test_it_refuses_a_plan_of_an_archived_product(shop: Shop) -> None:
    pro = shop.price("Pro")
    shop.configure({"action": "update_subscription", "parameters": {"price": pro}})
    Product.objects.update(active=False)

    (outcome,) = shop.click(shop.subscriber(shop.price("Basic")))["outcomes"]

    assert (outcome["status"], outcome["code"]) == ("not_allowed", "plan_inactive")


def test_it_takes_an_older_open_payment_for_what_it_is(full_shop: Shop) -> None:
    """The subscription is past due, but the switch itself made no invoice, so there is nothing to pay for it."""
    user = full_shop.subscriber(full_shop.price("Basic", 1000), clock=full_shop.clock())
    full_shop.use_card(user, "pm_card_chargeCustomerFail")
    full_shop.advance(user, days=32)
    pro, behavior = full_shop.price("Pro", 3000), {"payment_behavior": "allow_incomplete"}

    later = full_shop.outcome(user, "update_subscription", price=pro, **behavior)
    at_once = full_shop.outcome(
        user,
        "update_subscription",
        price=full_shop.price("Team", 9000),
        proration_behavior="always_invoice",
        **behavior,
    )

    assert later["status"] == "succeeded"
    assert (at_once["status"], at_once["code"]) == ("requires_action", "payment_open")
