"""Events in older API versions. Each expectation comes from a page of Stripe's changelog."""

from copy import deepcopy
from typing import Any

import pytest

from engage_stripe.sandbox.plans import plan_of
from engage_stripe.sandbox.webhooks.versions import (
    event_type_in,
    render_event,
    render_object,
)

Json = dict[str, Any]

COUPON: Json = {"id": "co_1", "object": "coupon", "name": "Winter"}
DISCOUNT: Json = {
    "id": "di_1",
    "object": "discount",
    "source": {"type": "coupon", "coupon": "co_1"},
}
PRICE: Json = {
    "id": "price_1",
    "object": "price",
    "active": True,
    "billing_scheme": "per_unit",
    "created": 1,
    "currency": "usd",
    "livemode": False,
    "metadata": {},
    "product": "prod_1",
    "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
    "unit_amount": 900,
}
STORE = {(obj["object"], obj["id"]): obj for obj in (COUPON, DISCOUNT, PRICE)}


def fetch(object_type: str, object_id: str) -> Json | None:
    return STORE.get((object_type, object_id))


def item(item_id: str, start: int, end: int) -> Json:
    return {
        "id": item_id,
        "object": "subscription_item",
        "current_period_start": start,
        "current_period_end": end,
        "plan": plan_of(PRICE),
        "price": PRICE,
        "quantity": 2,
    }


def subscription(*items: Json) -> Json:
    return {
        "id": "sub_1",
        "object": "subscription",
        "discounts": ["di_1"],
        "items": {"object": "list", "data": list(items)},
    }


def event(obj: Json, previous_attributes: Json | None = None) -> Json:
    data = {"object": obj}
    if previous_attributes is not None:
        data["previous_attributes"] = previous_attributes
    return {"object": "event", "type": "customer.subscription.updated", "data": data}


def render(obj: Json, version: str) -> Json:
    return render_object(obj, version, fetch)


@pytest.mark.parametrize("version", ["2026-10-28.endive", "2026-03-25.dahlia"])
def test_it_leaves_newer_versions_as_they_are(version: str) -> None:
    """https://docs.stripe.com/webhooks/versioning."""
    before = subscription(item("si_1", 10, 20))
    assert render(before, version) == before


def test_it_embeds_the_coupon_of_a_discount_before_clover() -> None:
    # https://docs.stripe.com/changelog/clover/2025-09-30/add-discount-source-property
    assert render(DISCOUNT, "2025-08-27.basil") == {
        "id": "di_1",
        "object": "discount",
        "coupon": COUPON,
    }
    assert render(DISCOUNT, "2025-09-30.clover") == DISCOUNT


def test_it_embeds_the_coupon_of_a_promotion_code_before_clover() -> None:
    # https://docs.stripe.com/changelog/clover/2025-09-30/polymorphic-coupon
    code = {
        "id": "promo_1",
        "object": "promotion_code",
        "promotion": {"type": "coupon", "coupon": "co_1"},
    }
    assert render(code, "2025-03-31.basil")["coupon"] == COUPON
    assert "promotion" not in render(code, "2019-03-14")


@pytest.mark.parametrize("version", ["2019-03-14", "2022-11-15", "2025-02-24.acacia"])
def test_it_puts_the_period_on_the_subscription_before_basil(version: str) -> None:
    # https://docs.stripe.com/changelog/basil/2025-03-31/deprecate-subscription-current-period-start-and-end
    rendered = render(subscription(item("si_1", 10, 20)), version)
    assert (rendered["current_period_start"], rendered["current_period_end"]) == (10, 20)
    assert "current_period_end" not in rendered["items"]["data"][0]


def test_it_keeps_the_period_on_the_items_in_basil() -> None:
    rendered = render(subscription(item("si_1", 10, 20)), "2025-03-31.basil")
    assert "current_period_end" not in rendered
    assert rendered["items"]["data"][0]["current_period_end"] == 20


def test_it_embeds_the_first_discount_with_its_coupon_before_basil() -> None:
    # https://docs.stripe.com/changelog/basil/2025-03-31/deprecate-singular-coupon-promotion-code
    rendered = render(subscription(item("si_1", 10, 20)), "2024-06-20")
    assert rendered["discount"] == {"id": "di_1", "object": "discount", "coupon": COUPON}


def test_it_puts_the_plan_of_the_only_item_on_the_subscription_before_basil() -> None:
    # https://docs.stripe.com/api/plans/object
    rendered = render(subscription(item("si_1", 10, 20)), "2019-03-14")
    assert rendered["plan"]["amount"] == 900
    assert rendered["plan"]["interval"] == "month"
    assert rendered["quantity"] == 2


def test_it_has_no_plan_for_a_subscription_of_several_items() -> None:
    """https://docs.stripe.com/api/plans/object, as above: null where there are several."""
    rendered = render(subscription(item("si_1", 10, 20), item("si_2", 10, 20)), "2019-03-14")
    assert rendered["plan"] is None
    assert rendered["quantity"] is None


def test_it_flattens_the_parent_of_an_invoice_before_basil() -> None:
    # https://docs.stripe.com/changelog/basil/2025-03-31/adds-new-parent-field-to-invoicing-objects
    line = {
        "id": "il_1",
        "object": "line_item",
        "parent": {
            "type": "subscription_item_details",
            "subscription_item_details": {
                "proration": True,
                "subscription": "sub_1",
                "subscription_item": "si_1",
            },
        },
        "pricing": {"type": "price_details", "price_details": {"price": "price_1"}},
    }
    invoice = {
        "id": "in_1",
        "object": "invoice",
        "status": "paid",
        "parent": {
            "type": "subscription_details",
            "subscription_details": {"subscription": "sub_1", "metadata": {"a": "b"}},
        },
        "lines": {"object": "list", "data": [line]},
    }
    rendered = render(invoice, "2024-06-20")
    assert (rendered["subscription"], rendered["paid"]) == ("sub_1", True)
    assert rendered["parent"] == invoice["parent"]
    old_line = rendered["lines"]["data"][0]
    assert (old_line["subscription_item"], old_line["proration"]) == ("si_1", True)
    assert old_line["price"] == PRICE


def test_it_leaves_the_subscription_of_an_invoice_null_in_flexible_billing_mode() -> None:
    # https://github.com/airbytehq/airbyte/issues/85818
    flexible = {"id": "sub_2", "object": "subscription", "billing_mode": {"type": "flexible"}}
    details = {"subscription": "sub_2", "metadata": {}}
    invoice = {"id": "in_1", "object": "invoice", "parent": {"subscription_details": details}}
    rendered = render_object(invoice, "2022-11-15", lambda _type, _id: flexible)
    assert rendered["subscription"] is None


def test_it_renders_previous_attributes_in_the_same_version() -> None:
    # https://docs.stripe.com/changelog/basil/2025-03-31/deprecate-subscription-current-period-start-and-end
    previous = {"items": {"data": [item("si_1", 0, 10)]}}
    sent = event(subscription(item("si_1", 10, 20)), previous)
    rendered = render_event(sent, "2020-08-27", fetch)
    assert rendered["data"]["previous_attributes"] == {
        "current_period_start": 0,
        "current_period_end": 10,
    }
    pinned = render_event(sent, "2026-10-28.endive", fetch)
    assert pinned["data"]["previous_attributes"] == previous


def test_it_says_which_version_an_event_has() -> None:
    """https://docs.stripe.com/api/events/object#event_object-api_version."""
    rendered = render_event(event(DISCOUNT), "2025-06-30.basil", fetch)
    assert rendered["api_version"] == "2025-06-30.basil"


def test_it_leaves_the_stored_event_alone() -> None:
    stored = event(subscription(item("si_1", 10, 20)))
    before = deepcopy(stored)
    render_event(stored, "2019-03-14", fetch)
    assert stored == before


def test_it_uses_the_event_name_that_a_version_knows() -> None:
    # https://docs.stripe.com/changelog/2020-08-27/renames-automatically-updated-event-type
    modern = "payment_method.automatically_updated"
    assert event_type_in("2019-03-14", modern) == "payment_method.card_automatically_updated"
    assert event_type_in("2020-08-27", modern) == modern


def test_it_includes_the_lists_of_a_customer_before_2020() -> None:
    # https://docs.stripe.com/changelog/2020-08-27/deprecates-auto-expansion-customer-sources
    customer = {"id": "cus_1", "object": "customer"}
    sub = subscription(item("si_1", 10, 20))
    lists = {"subscriptions": {"object": "list", "data": [sub], "has_more": False}}

    def fetch_with_lists(object_type: str, object_id: str) -> Json | None:
        return {**customer, **lists} if object_type == "customer" else fetch(object_type, object_id)

    rendered = render_object(customer, "2019-03-14", fetch_with_lists)
    assert rendered["sources"]["data"] == []
    assert rendered["subscriptions"]["data"][0]["current_period_end"] == 20
    assert render_object(customer, "2020-08-27", fetch_with_lists) == customer
