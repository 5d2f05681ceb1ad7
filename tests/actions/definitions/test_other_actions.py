"""Price override, usage and invoices, against the sandbox: what the matrix has no row for."""

from typing import Any

import pytest

from actions.models import ActionLimit
from tests.actions.shop import Shop


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


def test_it_overrides_an_overridden_price_again(shop: Shop) -> None:
    """The App admin has allowed the plan that the first one started from."""
    pro = shop.price("Pro")
    user = shop.subscriber(pro)
    ActionLimit.objects.create(connection=shop.connection, action="override_price", plans=[pro])

    for amount, status in [(1500, "succeeded"), (1500, "no_op"), (1200, "succeeded"), (900, "succeeded")]:
        assert shop.outcome(user, "override_price", unit_amount=amount, currency="usd")["status"] == status
        assert shop.subscription(user)["items"]["data"][0]["price"]["unit_amount"] == amount
    ActionLimit.objects.update(plans=[])
    assert shop.outcome(user, "override_price", unit_amount=800, currency="usd")["code"] == "plan_not_allowed"


def test_it_keeps_how_tax_is_added(shop: Shop) -> None:
    pro = shop.price("Pro", tax_behavior="exclusive")
    user = shop.subscriber(pro)
    ActionLimit.objects.create(connection=shop.connection, action="override_price", plans=[pro])

    shop.outcome(user, "override_price", unit_amount=1500, currency="usd")

    assert shop.subscription(user)["items"]["data"][0]["price"]["tax_behavior"] == "exclusive"


def test_it_overrides_in_the_currency_that_is_billed(shop: Shop) -> None:
    pro = shop.price("Pro", currency="eur", currency_options={"usd": {"unit_amount": 2500}})
    user = shop.subscriber(pro, currency="usd")
    ActionLimit.objects.create(connection=shop.connection, action="override_price", plans=[pro])

    assert shop.outcome(user, "override_price", unit_amount=2000, currency="eur")["code"] == "currency_mismatch"
    assert shop.outcome(user, "override_price", unit_amount=2000, currency="usd")["status"] == "succeeded"


@pytest.mark.parametrize(
    "fields",
    [
        {"transform_quantity": {"divide_by": 10, "round": "up"}},
        {
            "unit_amount": None,
            "billing_scheme": "tiered",
            "tiers_mode": "volume",
            "tiers": [{"up_to": "inf", "unit_amount": 9}],
        },
    ],
    ids=["packages", "tiers"],
)
def test_it_overrides_fixed_amounts_only(shop: Shop, fields: dict[str, Any]) -> None:
    terms = {"currency": "usd", "unit_amount": 2000, "recurring": {"interval": "month"}, **fields}
    product = shop.stripe.products.create({"name": "Seats"}).id
    given = {name: value for name, value in terms.items() if value is not None}
    price = shop.stripe.prices.create({"product": product, **given}).id
    ActionLimit.objects.create(connection=shop.connection, action="override_price", plans=[price])

    outcome = shop.outcome(shop.subscriber(price), "override_price", unit_amount=1500, currency="usd")

    assert (outcome["status"], outcome["code"]) == ("not_allowed", "no_fixed_amount")


def test_it_says_when_a_free_plan_begins_to_cost(full_shop: Shop) -> None:
    """Stripe bills at once where a plan was free: https://docs.stripe.com/billing/subscriptions/change-price"""
    free = full_shop.price("Free", 0)
    user = full_shop.subscriber(free)
    ActionLimit.objects.create(connection=full_shop.connection, action="override_price", plans=[free])

    outcome = full_shop.outcome(user, "override_price", unit_amount=1500, currency="usd")

    assert outcome["message"] == "The plan costs $15 from now on."
    assert full_shop.stripe.invoices.list({"customer": user.customer}).data[0].total == 1500
