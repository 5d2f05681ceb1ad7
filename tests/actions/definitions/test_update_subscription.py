"""Update existing subscription, against the sandbox."""

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
