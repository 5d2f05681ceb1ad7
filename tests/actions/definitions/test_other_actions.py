"""Quantity, price override, usage, invoices, collection and the payment-method link, against the sandbox."""

import pytest

from actions.models import ActionLimit
from tests.actions.shop import Shop


@pytest.mark.parametrize(
    ("mode", "quantity", "status", "after"),
    [
        ("set", 5, "succeeded", 5),
        ("add", 2, "succeeded", 4),
        ("add", -1, "succeeded", 1),
        ("add", -2, "not_allowed", 2),
        ("set", 2, "no_op", 2),
    ],
)
def test_it_changes_the_quantity(shop: Shop, mode: str, quantity: int, status: str, after: int) -> None:
    pro = shop.price("Pro")
    user = shop.subscriber(pro, items=[{"price": pro, "quantity": 2}])

    assert shop.outcome(user, "change_quantity", mode=mode, quantity=quantity)["status"] == status
    assert shop.subscription(user)["items"]["data"][0]["quantity"] == after


def test_it_overrides_the_price_of_allowed_plans_only(shop: Shop) -> None:
    pro = shop.price("Pro")
    user = shop.subscriber(pro)
    override = {"unit_amount": 1500, "currency": "usd"}

    assert shop.outcome(user, "override_price", **override)["code"] == "plan_not_allowed"
    ActionLimit.objects.create(connection=shop.connection, action="override_price", plans=[pro])
    assert shop.outcome(user, "override_price", unit_amount=1500, currency="eur")["code"] == "currency_mismatch"
    assert shop.outcome(user, "override_price", unit_amount=2000, currency="usd")["status"] == "no_op"
    outcome = shop.outcome(user, "override_price", **override)

    assert outcome["message"] == "The plan costs $15 from the next invoice on."
    (item,) = shop.subscription(user)["items"]["data"]
    assert (item["price"]["unit_amount"], item["price"]["recurring"]["interval"]) == (1500, "month")


def test_it_records_usage_once(full_shop: Shop) -> None:
    full_shop.stripe.billing.meters.create(
        {"display_name": "Calls", "event_name": "calls", "default_aggregation": {"formula": "sum"}}
    )
    user = full_shop.customer()
    full_shop.configure({"action": "record_usage", "parameters": {"event_name": "calls", "value": 7}})

    first = full_shop.click(user, key="click-1")
    full_shop.click(user, key="click-1")

    assert first["outcomes"][0]["status"] == "succeeded"
    assert full_shop.changes() == ["POST /v1/billing/meter_events"]


def test_it_collects_the_newest_open_invoice(full_shop: Shop) -> None:
    user = full_shop.subscriber(
        full_shop.price("Pro"), card="pm_card_chargeCustomerFail", payment_behavior="allow_incomplete"
    )

    declined = full_shop.outcome(user, "collect_invoice")
    full_shop.use_card(user, "pm_card_visa")
    paid = full_shop.outcome(user, "collect_invoice")

    assert (declined["status"], declined["url"][:8]) == ("requires_action", "https://")
    assert (paid["status"], paid["message"]) == ("succeeded", "The open invoice over $20 is paid.")
    assert full_shop.outcome(user, "collect_invoice")["status"] == "no_op"


def test_it_sends_invoices_and_charges_again(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Pro"))

    shop.outcome(user, "set_collection", collection_method="send_invoice", days_until_due=14)
    subscription = shop.subscription(user)
    assert (subscription["collection_method"], subscription["days_until_due"]) == ("send_invoice", 14)
    shop.outcome(user, "set_collection", collection_method="charge_automatically")
    assert shop.subscription(user)["collection_method"] == "charge_automatically"


def test_it_gives_a_link_for_the_payment_method(full_shop: Shop) -> None:
    outcome = full_shop.outcome(full_shop.customer(), "payment_method_link", return_url="https://shop.example/")

    assert outcome["status"] == "succeeded"
    assert outcome["url"].startswith("http")


@pytest.mark.parametrize(
    ("action", "parameters", "permission"),
    [
        ("record_usage", {"event_name": "calls", "value": 1}, "rak_billing_meter_event_write"),
        ("collect_invoice", {}, "rak_invoice_write"),
        ("payment_method_link", {}, "rak_customer_portal_session_write"),
    ],
)
def test_it_names_the_permission_that_the_key_lacks(
    shop: Shop, action: str, parameters: dict[str, object], permission: str
) -> None:
    outcome = shop.outcome(shop.customer(), action, **parameters)

    assert (outcome["status"], outcome["code"]) == ("not_allowed", "permission_missing")
    assert permission in outcome["message"]
