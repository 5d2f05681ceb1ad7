"""An update that is refused changes nothing and is announced to nobody: https://docs.stripe.com/api/errors."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engage_stripe.sandbox.billing.updates import update_subscription
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import StripeError
from engage_stripe.sandbox.resources.cards_on_file import payment_method_of
from engage_stripe.sandbox.resources.prices import create_price
from engage_stripe.sandbox.shapes import render
from tests.sandbox.shop import DAY, START
from tests.sandbox.test_billing_properties import Subscriber

CARDS = ("pm_card_visa", "pm_card_chargeCustomerFail", "pm_card_authenticationRequired", None)
TIMES = st.integers(-5, 400).map(lambda days: START + days * DAY)
ITEM = st.fixed_dictionaries(
    {},
    optional={
        "id": st.booleans(),
        "price": st.integers(0, 6),
        "quantity": st.integers(-1, 3),
        "deleted": st.booleans(),
        "discounts": st.sampled_from([None, [{"coupon": "none"}]]),
    },
)
UPDATE = st.fixed_dictionaries(
    {},
    optional={
        "billing_cycle_anchor": st.sampled_from([{"type": "now"}, {"type": "unchanged"}]),
        "cancel_at": st.one_of(st.none(), st.sampled_from(["min_period_end", "max_period_end"]), TIMES),
        "cancel_at_period_end": st.booleans(),
        "collection_method": st.sampled_from(["charge_automatically", "send_invoice"]),
        "days_until_due": st.integers(1, 9),
        "discounts": st.sampled_from([None, [{"promotion_code": "none"}]]),
        "items": st.lists(ITEM, max_size=3),
        "metadata": st.just({"a": "b"}),
        "payment_behavior": st.sampled_from(
            ["allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete"]
        ),
        "proration_behavior": st.sampled_from(["always_invoice", "create_prorations", "none"]),
        "proration_date": TIMES,
        "trial_end": st.one_of(st.just("now"), TIMES),
    },
)


def subscriber_with_odd_prices() -> Subscriber:
    """Prices 5 and 6 are yearly and in another currency."""
    subscriber = Subscriber()
    product = subscriber.account.find("price", subscriber.prices[0])["product"]
    for currency, interval in (("usd", "year"), ("eur", "month")):
        recurring = {"interval": interval}
        params = {"product": product, "currency": currency, "unit_amount": 9000, "recurring": recurring}
        subscriber.prices.append(create_price(subscriber.account, params)["id"])
    return subscriber


def meant(subscriber: Subscriber, update: Obj) -> dict[str, Any]:
    """The update with the ids that its places stand for."""
    if "items" not in update:
        return update
    items = [
        each
        | ({"id": subscriber.item["id"]} if "id" in each else {})
        | ({"price": subscriber.prices[each["price"]]} if "price" in each else {})
        for each in update["items"]
    ]
    return {**update, "items": items}


@settings(deadline=None, max_examples=150)
@given(card=st.sampled_from(CARDS), updates=st.lists(UPDATE, min_size=1, max_size=4), wait=st.integers(0, 40))
def test_it_changes_nothing_when_it_refuses(card: str | None, updates: list[Obj], wait: int) -> None:
    subscriber = subscriber_with_odd_prices()
    account, sub = subscriber.account, subscriber.sub
    customer = account.find("customer", sub["customer"])
    method = card and payment_method_of(account, card, customer["id"], param="x")
    customer["invoice_settings"]["default_payment_method"] = method
    subscriber.advance(wait * DAY)
    for update in updates:
        before, events = copy.deepcopy(render(account, sub)), len(account.collection("event"))
        try:
            update_subscription(account, sub, meant(subscriber, update))
        except StripeError:
            assert render(account, sub) == before
            assert len(account.collection("event")) == events
