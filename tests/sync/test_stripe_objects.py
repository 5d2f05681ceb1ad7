"""Readers: every API version's JSON becomes the same facts."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.facts import CouponFact, DiscountFact, Doubt, PaymentMethodFact, SubscriptionFact
from sync.json_fields import UnreadableError
from sync.stripe_events import read_event
from sync.stripe_objects import read_object
from tests.sync import stripe_shapes as shapes
from tests.sync.model_stripe import VERSIONS, ModelStripe, events_of_every_kind


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


@pytest.mark.parametrize("name", ["customer", "items", "status", "created", "id", "cancel_at_period_end"])
def test_it_doubts_a_subscription_that_lacks_what_every_version_has(name: str) -> None:
    whole = shapes.event("customer.subscription.updated", shapes.subscription())
    for gone in ({}, {name: None}):
        data = {key: value for key, value in whole["data"]["object"].items() if key != name} | gone
        assert is_refused(shapes.event("customer.subscription.updated", data)), gone


@pytest.mark.parametrize("kind", ["hologram", None, 5])
def test_it_doubts_an_object_of_a_kind_that_it_does_not_know(kind: Any) -> None:
    event = shapes.event("customer.source.created", {"object": kind, "id": "x_1", "customer": "cus_1"})
    assert [doubt[:2] for doubt in read_event(event).doubts] == [("customer", "cus_1")]
    nobody = shapes.event("product.updated", {"object": kind, "id": "x_1"})
    with pytest.raises(UnreadableError):
        read_event(nobody)


@pytest.mark.parametrize(
    ("version", "is_read"),
    [("2026-11-25.endive", True), ("2019-02-11", True), ("2027-03-31.fig", False), ("2026-11-25.preview", False)],
)
@pytest.mark.parametrize(
    ("event_type", "whole", "asked"),
    [
        ("customer.subscription.updated", shapes.subscription(), ("customer", "cus_1")),
        ("customer.updated", shapes.customer(), ("customer", "cus_1")),
        ("invoice.paid", shapes.invoice(), ("customer", "cus_1")),
        ("product.updated", shapes.product(), ("product", "prod_basic")),
    ],
)
def test_it_reads_no_release_that_came_after_it(
    version: str, is_read: bool, event_type: str, whole: dict[str, Any], asked: tuple[str, str]
) -> None:
    """A field that moved would read as one that is empty."""
    reading = read_event(shapes.event(event_type, whole, api_version=version))
    assert bool(reading.facts) is is_read
    assert is_read or [doubt[:2] for doubt in reading.doubts] == [asked]


def is_refused(event: dict[str, Any]) -> bool:
    """Asked for again, or parked: whatever it is, it becomes no trait."""
    try:
        return bool(read_event(event).doubts)
    except UnreadableError:
        return True


MODEL_EVENTS = [
    *events_of_every_kind(),
    shapes.event("price.updated", shapes.price()),
    shapes.event("coupon.updated", shapes.coupon()),
]
_AMOUNTS = {"unit_amount", "unit_amount_decimal", "amount", "amount_decimal", "percent_off"}
"""Numbers, or texts of numbers: both are read."""

_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
_anything = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where in a JSON value something can be put in the place of what is there."""
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for key in keys for place in [(*path, key), *_places(value[key], (*path, key))]]


@st.composite
def _mutations(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any], Any, Any, tuple[Any, ...]]:
    """An event, the same with another value in one place, both values, and the place in the object."""
    event = draw(st.sampled_from(MODEL_EVENTS))
    places = [one for one in _places(event["data"]["object"]) if one[-1] != "object" or len(one) == 1]
    place = draw(st.sampled_from(places))  # what is embedded may be of any kind; of some we know nothing
    mutated = copy.deepcopy(event)
    holder = mutated["data"]["object"]
    for key in place[:-1]:
        holder = holder[key]
    before, holder[place[-1]] = holder[place[-1]], draw(_anything)
    return event, mutated, before, holder[place[-1]], place


def _kind(value: Any) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return "number" if number and float(value).is_integer() else type(value).__name__


@pytest.mark.fuzz
@pytest.mark.timeout(0)
@settings(max_examples=max(1_000, settings.default.max_examples))
@given(_mutations())
def test_it_never_takes_a_value_of_another_type_silently(
    mutation: tuple[dict[str, Any], dict[str, Any], Any, Any, tuple[Any, ...]],
) -> None:
    """What had a type in every version and has another now is refused, or is nothing that any fact has."""
    event, mutated, before, after, place = mutation
    refused = is_refused(mutated)  # and nothing else is ever raised
    optional = before is None or after is None
    if not refused and not optional and _kind(before) != _kind(after) and place[-1] not in _AMOUNTS:
        assert read_event(mutated).facts == read_event(event).facts


def test_it_doubts_a_coupon_that_is_no_object_where_it_always_was_one() -> None:
    reading = read_object({"object": "discount", "id": "di_1", "customer": "cus_1", "coupon": "0"})

    assert not reading.facts
    assert [doubt[:2] for doubt in reading.doubts] == [("customer", "cus_1")]


def test_it_takes_nothing_from_a_deleted_discount_without_a_name() -> None:
    """Stripe's own sample of one: https://docs.stripe.com/api/discounts/object"""
    sample = {"object": "discount", "id": "", "deleted": True, "customer": None, "subscription": None}
    assert read_object(sample).facts == []
