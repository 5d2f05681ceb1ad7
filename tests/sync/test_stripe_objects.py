"""Readers: every API version's JSON becomes the same facts."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.facts import CouponFact, DiscountFact, Doubt, PaymentMethodFact, SubscriptionFact
from sync.json_fields import UnreadableError
from sync.stripe_events import read_event
from sync.stripe_objects import read_object
from tests.sync import stripe_shapes as shapes
from tests.sync.model_stripe import VERSIONS, ModelStripe


def only(kind: type, data: dict[str, Any]) -> Any:
    found = [fact for fact in read_object(data).facts if isinstance(fact, kind)]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("version", VERSIONS)
def test_it_reads_a_subscription_alike_in_every_version(version: str) -> None:
    stripe = ModelStripe()
    stripe.create_customer("cus_a", "a@example.com")
    stripe.subscribe("cus_a", "price_pro", "trialing")
    subscription = stripe.live_subscriptions()[0]
    stripe.discount(subscription, "SAVE20")
    newest = stripe.events[-1]
    pinned = only(SubscriptionFact, newest["data"]["object"])

    old = only(SubscriptionFact, stripe.rendered(newest, version)["data"]["object"])

    for name in ("status", "current_period_start", "current_period_end", "trial_end", "discounts", "customer"):
        assert getattr(old, name) == getattr(pinned, name), name
    for name in ("price", "product", "unit_amount", "interval", "quantity"):
        assert [item[name] for item in old.items] == [item[name] for item in pinned.items], name


def test_it_takes_the_coupon_from_wherever_the_version_has_it() -> None:
    since_clover = shapes.discount()
    expanded = shapes.discount(source={"type": "coupon", "coupon": shapes.coupon()})
    until_clover = {**shapes.discount(), "coupon": shapes.coupon()}
    del until_clover["source"]
    assert {only(DiscountFact, one).coupon for one in (since_clover, expanded, until_clover)} == {"SAVE20"}
    assert only(CouponFact, expanded).name == only(CouponFact, until_clover).name == "20% off"


def test_it_takes_the_earliest_of_several_periods() -> None:
    items = [
        shapes.item(id="si_1", current_period_start=shapes.NOW - 50, current_period_end=shapes.NOW + 900),
        shapes.item(id="si_2", current_period_start=shapes.NOW - 90, current_period_end=shapes.NOW + 500),
    ]
    fact = only(SubscriptionFact, shapes.subscription(items=items))
    assert (fact.current_period_start, fact.current_period_end) == (shapes.NOW - 90, shapes.NOW + 500)


def test_it_reads_a_subscription_whose_items_a_schedule_removed() -> None:
    fact = only(SubscriptionFact, shapes.subscription(items=[]))
    assert (fact.items, fact.current_period_end) == ([], None)


@pytest.mark.parametrize(
    ("data", "brand", "wallet"),
    [
        (shapes.payment_method(), "visa", "apple_pay"),
        ({"id": "card_1", "object": "card", "customer": "cus_1", "brand": "American Express",
          "tokenization_method": "android_pay"}, "amex", "android_pay"),
        ({"id": "src_1", "object": "source", "customer": "cus_1", "type": "card",
          "card": {"brand": "MasterCard"}}, "mastercard", None),
        ({"id": "pm_2", "object": "payment_method", "customer": "cus_1", "type": "sepa_debit",
          "sepa_debit": {"country": "DE"}}, None, None),
    ],
)  # fmt: skip
def test_it_reads_cards_of_every_kind(data: dict[str, Any], brand: str | None, wallet: str | None) -> None:
    fact = only(PaymentMethodFact, data)
    assert (fact.card_brand, fact.card_wallet_type) == (brand, wallet)


def test_it_keeps_an_unknown_status_and_skips_unknown_fields() -> None:
    fact = only(SubscriptionFact, shapes.subscription(status="hibernating", brand_new_field={"a": [1]}))
    assert fact.status == "hibernating"


@pytest.mark.parametrize(
    "fields",
    [
        {"trial_end": "tomorrow"},
        {"trial_end": -5},
        {"status": None},
        {"created": True},
        {"items": [1]},
        {"discounts": {"data": 3}},
        {"pause_collection": "void"},
    ],
)
def test_it_doubts_a_shape_that_it_cannot_read(fields: dict[str, Any]) -> None:
    reading = read_object(shapes.subscription(**fields))
    assert not reading.facts
    assert [doubt[:2] for doubt in reading.doubts] == [("customer", "cus_1")]


def test_it_doubts_a_list_that_goes_on() -> None:
    subscription = shapes.subscription()
    subscription["items"]["has_more"] = True
    assert Doubt("customer", "cus_1", "more items than listed") in read_object(subscription).doubts


def test_it_refuses_what_names_nobody() -> None:
    with pytest.raises(UnreadableError):
        read_object({"object": "subscription", "id": "sub_1"})


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ("id", "object", "items", "data", "customer", "discounts", "price", "card", "status")), inner, max_size=4),
)  # fmt: skip


@pytest.mark.fuzz
@pytest.mark.timeout(0)
@given(
    base=st.sampled_from((shapes.subscription(), shapes.customer(), shapes.payment_method(), shapes.discount())),
    noise=st.dictionaries(st.sampled_from(sorted(shapes.subscription())), _anything, max_size=3),
    event_type=st.sampled_from(("customer.updated", "customer.deleted", "invoice.paid", "product.deleted")),
)
def test_it_never_raises_anything_else(base: dict[str, Any], noise: dict[str, Any], event_type: str) -> None:
    event = shapes.event(event_type, {**base, **noise})
    with contextlib.suppress(UnreadableError):
        read_event(event)


def test_it_takes_nothing_from_a_deleted_discount_without_a_name() -> None:
    """Stripe's own sample of one: https://docs.stripe.com/api/discounts/object"""
    sample = {"object": "discount", "id": "", "deleted": True, "customer": None, "subscription": None}
    assert read_object(sample).facts == []
