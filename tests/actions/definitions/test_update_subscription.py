"""Update existing subscription, against the sandbox."""

from typing import Any

import pytest

from tests.actions.shop import Shop, Subscriber


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


def test_it_keeps_the_quantity_or_sets_another(shop: Shop) -> None:
    basic, pro = shop.price("Basic"), shop.price("Pro")
    user = shop.subscriber(basic, items=[{"price": basic, "quantity": 4}])

    shop.outcome(user, "update_subscription", price=pro)
    assert item_of(shop, user)["quantity"] == 4
    shop.outcome(user, "update_subscription", price=basic, quantity=2)
    assert item_of(shop, user)["quantity"] == 2


def test_it_sends_no_quantity_for_a_metered_plan(shop: Shop) -> None:
    metered = metered_price(shop)
    user = shop.subscriber(shop.price("Basic"))

    refused = shop.outcome(user, "update_subscription", price=metered, quantity=2)
    outcome = shop.outcome(user, "update_subscription", price=metered)

    assert (refused["status"], refused["code"]) == ("not_allowed", "metered_quantity")
    assert outcome["status"] == "succeeded"
    assert item_of(shop, user)["price"]["id"] == metered


def test_it_gives_one_of_a_licensed_plan_to_who_comes_from_a_metered_one(shop: Shop) -> None:
    metered = metered_price(shop)
    user = shop.subscriber(metered)

    shop.outcome(user, "update_subscription", price=shop.price("Pro"))

    assert item_of(shop, user)["quantity"] == 1


@pytest.mark.parametrize(
    ("behavior", "status", "switched"),
    [
        ("error_if_incomplete", "failed", False),
        ("allow_incomplete", "requires_action", True),
        ("pending_if_incomplete", "requires_action", False),
    ],
)
def test_it_does_what_was_chosen_when_the_payment_fails(
    full_shop: Shop, behavior: str, status: str, switched: bool
) -> None:
    pro = full_shop.price("Pro", 5000)
    user = full_shop.subscriber(full_shop.price("Basic", 1000))
    full_shop.use_card(user, "pm_card_chargeCustomerFail")

    outcome = full_shop.outcome(
        user,
        "update_subscription",
        price=pro,
        proration_behavior="always_invoice",
        payment_behavior=behavior,
    )

    assert outcome["status"] == status
    assert (item_of(full_shop, user)["price"]["id"] == pro) is switched
    assert ("url" in outcome) is (status == "requires_action")


def test_it_cannot_wait_for_a_payment_by_sent_invoice(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Basic"), collection_method="send_invoice", days_until_due=30)

    outcome = shop.outcome(
        user, "update_subscription", price=shop.price("Pro"), payment_behavior="pending_if_incomplete"
    )

    assert (outcome["status"], outcome["code"]) == ("not_allowed", "collected_by_invoice")


def test_it_keeps_or_ends_a_trial(shop: Shop) -> None:
    basic, yearly = shop.price("Basic"), shop.price("Yearly", recurring={"interval": "year"})
    keeping, ending = (shop.subscriber(basic, trial_period_days=14) for _ in range(2))
    trial_end = shop.subscription(keeping)["trial_end"]

    shop.outcome(keeping, "update_subscription", price=yearly)
    shop.outcome(ending, "update_subscription", price=yearly, trial="end")

    assert (shop.subscription(keeping)["status"], shop.subscription(keeping)["trial_end"]) == (
        "trialing",
        trial_end,
    )
    assert shop.subscription(ending)["status"] == "active"


def test_it_appends_a_coupon_without_minting_the_others_anew(shop: Shop) -> None:
    basic = shop.price("Basic")
    user = shop.subscriber(basic, discounts=[{"coupon": shop.coupon(duration="forever")}])
    (before,) = shop.subscription(user)["discounts"]
    coupon = shop.coupon()

    outcome = shop.outcome(user, "update_subscription", price=shop.price("Pro"), coupon=coupon)

    assert outcome["status"] == "succeeded"
    kept, new = shop.subscription(user)["discounts"]
    assert kept["id"] == before["id"]
    assert new["source"]["coupon"] == coupon


def test_it_restarts_the_billing_date(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Basic"), clock=shop.clock())
    shop.advance(user, days=10)

    shop.outcome(user, "update_subscription", price=shop.price("Pro"), billing_cycle_anchor="now")

    subscription = shop.subscription(user)
    clock = shop.stripe.test_helpers.test_clocks.retrieve(subscription["test_clock"])
    assert subscription["billing_cycle_anchor"] == clock.frozen_time


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"currency": "eur"}, "currency_mismatch"), ({"active": False}, "plan_inactive")],
)
def test_it_refuses_a_plan_that_cannot_be_bought(shop: Shop, fields: dict[str, Any], code: str) -> None:
    user = shop.subscriber(shop.price("Basic"))
    pro = shop.price("Pro", **{name: value for name, value in fields.items() if name != "active"})
    if "active" in fields:
        shop.stripe.prices.update(pro, {"active": False})

    outcome = shop.outcome(user, "update_subscription", price=pro)

    assert (outcome["status"], outcome["code"]) == ("not_allowed", code)
    assert shop.changes() == []


def test_it_takes_a_plan_with_the_customers_currency_among_its_options(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Basic"))
    pro = shop.price("Pro", currency="eur", currency_options={"usd": {"unit_amount": 2500}})

    assert shop.outcome(user, "update_subscription", price=pro)["status"] == "succeeded"


def test_it_switches_the_main_item_and_leaves_the_others(shop: Shop) -> None:
    basic, addon, pro = shop.price("Basic", 1000), shop.price("Add-on", 200), shop.price("Pro")
    user = shop.subscriber(basic, items=[{"price": addon}, {"price": basic}])

    shop.outcome(user, "update_subscription", price=pro)

    prices = {item["price"]["id"] for item in shop.subscription(user)["items"]["data"]}
    assert prices == {addon, pro}
    assert shop.outcome(user, "update_subscription", price=addon)["code"] == "plan_is_another_item"


def item_of(shop: Shop, user: Subscriber) -> Any:
    (item,) = shop.subscription(user)["items"]["data"]
    return item


def metered_price(shop: Shop) -> str:
    meter = shop.stripe.billing.meters.create(
        {"display_name": "Calls", "event_name": "calls", "default_aggregation": {"formula": "sum"}}
    )
    return shop.price("Usage", 5, recurring={"interval": "month", "usage_type": "metered", "meter": meter.id})
