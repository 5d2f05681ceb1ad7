"""What holds for any sequence of changes: https://docs.stripe.com/billing/subscriptions/prorations."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engage_stripe.sandbox.billing.creation import create_subscription
from engage_stripe.sandbox.billing.draft import items_of
from engage_stripe.sandbox.billing.preview import preview_invoice
from engage_stripe.sandbox.billing.timeline import run_until
from engage_stripe.sandbox.billing.updates import update_subscription
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import StripeError
from engage_stripe.sandbox.registry import SHAPES
from engage_stripe.sandbox.resources.cards_on_file import payment_method_of
from engage_stripe.sandbox.resources.customers import new_customer
from engage_stripe.sandbox.resources.new_product import new_product
from engage_stripe.sandbox.resources.prices import create_price
from engage_stripe.sandbox.state import World
from tests.sandbox.shop import DAY, START

PERIOD = 31 * DAY
AMOUNTS = (0, 999, 1000, 2500, 19_999)

# (seconds until the change, which price, quantity)
Change = tuple[int, int, int]
CHANGES = st.lists(
    st.tuples(st.integers(0, 5 * DAY), st.integers(1, len(AMOUNTS) - 1), st.integers(1, 7)), max_size=6
)
BEHAVIORS = st.sampled_from(["always_invoice", "create_prorations"])


class Subscriber:
    """A customer with a good card and a monthly subscription, on a clock that the test moves."""

    def __init__(self, **params: Any) -> None:
        self.world = World(shapes=SHAPES)
        self.world.clock.frozen = START
        self.account = self.world.account("acct_1Test")
        product = self.account.add(new_product(self.account, "Gold"))
        self.prices = [self._price(product["id"], amount) for amount in AMOUNTS]
        customer = self.account.add(new_customer(self.account, clock=None))
        card = payment_method_of(self.account, "pm_card_visa", customer["id"], param="x")
        customer["invoice_settings"]["default_payment_method"] = card
        items = [{"price": self.prices[1], "quantity": 1}]
        self.sub = create_subscription(self.account, {"customer": customer["id"], "items": items, **params})

    def _price(self, product: str, amount: int) -> str:
        params = {"product": product, "currency": "usd", "unit_amount": amount, "recurring": {"interval": "month"}}
        return str(create_price(self.account, params)["id"])

    @property
    def item(self) -> Obj:
        """The only item."""
        return items_of(self.account, self.sub)[0]

    def advance(self, seconds: int) -> None:
        """Let time pass."""
        run_until(self.account, None, self.world.clock.now() + seconds, self.world.clock.set)

    def change(self, price: int, quantity: int, behavior: str) -> dict[str, Any]:
        """The parameters of a switch."""
        items = [{"id": self.item["id"], "price": self.prices[price], "quantity": quantity}]
        return {"items": items, "proration_behavior": behavior}

    def billed(self) -> int:
        """Everything invoiced so far."""
        return sum(invoice["total"] for invoice in self.account.collection("invoice"))


@settings(deadline=None)
@given(changes=CHANGES, behavior=BEHAVIORS)
def test_it_bills_exactly_what_was_used(changes: list[Change], behavior: str) -> None:
    """Prorations add up to the second, whether they are invoiced at once or later; a cent a line is rounding."""
    subscriber = Subscriber()
    used, rate, left = Fraction(0), AMOUNTS[1], PERIOD
    for wait, price, quantity in changes:
        subscriber.advance(wait)
        used, left = used + Fraction(rate * wait, PERIOD), left - wait
        update_subscription(subscriber.account, subscriber.sub, subscriber.change(price, quantity, behavior))
        rate = AMOUNTS[price] * quantity
    used += Fraction(rate * left, PERIOD)
    subscriber.advance(left)
    assert abs(subscriber.billed() - rate - used) <= 2 * len(changes)


@settings(deadline=None)
@given(changes=CHANGES, behavior=BEHAVIORS)
def test_it_previews_what_it_then_bills(changes: list[Change], behavior: str) -> None:
    """https://docs.stripe.com/billing/subscriptions/prorations#preview-proration."""
    subscriber = Subscriber()
    for wait, price, quantity in changes:
        subscriber.advance(wait)
        change = subscriber.change(price, quantity, behavior)
        before = subscriber.billed()
        changed = (subscriber.item["price"], subscriber.item["quantity"]) != (subscriber.prices[price], quantity)
        preview = preview_invoice(
            subscriber.account, {"subscription": subscriber.sub["id"], "subscription_details": change}
        )
        update_subscription(subscriber.account, subscriber.sub, change)
        if behavior == "always_invoice" and changed:
            assert subscriber.billed() - before == preview["total"]
        else:
            upcoming = preview_invoice(subscriber.account, {"subscription": subscriber.sub["id"]})
            assert upcoming["total"] == preview["total"]


@settings(deadline=None)
@given(changes=CHANGES, behavior=BEHAVIORS)
def test_it_remembers_one_debit_for_every_second_of_the_period(changes: list[Change], behavior: str) -> None:
    """Credits in flexible mode are taken from debits, so these must cover the period once."""
    subscriber = Subscriber()
    for wait, price, quantity in changes:
        subscriber.advance(wait)
        update_subscription(subscriber.account, subscriber.sub, subscriber.change(price, quantity, behavior))
    debits = [debit for debit in subscriber.item["_debits"] if debit["end"] > debit["start"]]
    edges = [START, *(debit["end"] for debit in debits)]
    assert [debit["start"] for debit in debits] == edges[:-1]
    assert edges[-1] == START + PERIOD


@settings(deadline=None)
@given(wait=st.integers(0, PERIOD - 1), price=st.integers(2, len(AMOUNTS) - 1), quantity=st.integers(1, 9))
def test_it_costs_nothing_to_switch_there_and_back(wait: int, price: int, quantity: int) -> None:
    """Follows from credits of what was debited, see the test above."""
    subscriber = Subscriber()
    subscriber.advance(wait)
    before = subscriber.billed()
    for target in ((price, quantity), (1, 1)):
        update_subscription(subscriber.account, subscriber.sub, subscriber.change(*target, "always_invoice"))
    assert subscriber.billed() == before


def test_it_has_room_for_five_hundred_subscriptions() -> None:
    """https://docs.stripe.com/api/subscriptions/create."""
    subscriber = Subscriber()
    params = {"customer": subscriber.sub["customer"], "items": [{"price": subscriber.prices[0]}]}
    for _ in range(499):
        create_subscription(subscriber.account, params)
    with pytest.raises(StripeError, match="500"):
        create_subscription(subscriber.account, params)
