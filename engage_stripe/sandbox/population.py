"""Many customers with a subscription each, made in seconds, to measure with.

No events, no invoices: what a new connection would find at Stripe, not how it came about.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from engage_stripe.sandbox.billing.creation import draft_subscription
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.resources.cards_on_file import new_payment_method
from engage_stripe.sandbox.resources.coupons import new_coupon
from engage_stripe.sandbox.resources.new_customer import new_customer
from engage_stripe.sandbox.resources.new_price import new_price
from engage_stripe.sandbox.resources.new_product import new_product
from engage_stripe.sandbox.resources.test_cards import ready_made
from engage_stripe.sandbox.state import Account

DAY = 24 * 3600
# Shorter than a month, so that every first period is still running.
SPREAD_SECONDS = 27 * DAY
PLANS = (("Silver", "month", 900), ("Gold", "month", 1900), ("Platinum", "month", 4900), ("Gold", "year", 19000))
CARDS = ("pm_card_visa", "pm_card_mastercard", "pm_card_amex", "pm_card_gb", "pm_card_de")


def populate(account: Account, count: int) -> dict[str, int]:
    """Add `count` customers with one subscription each; returns how many have which status.

    Of a hundred about 80 are active (8 of them ending with their period), 10 canceled, 5 trialing and 5 past
    due; 15 have a coupon. The same seed and account give the same population.
    """
    clock = account.world.clock
    now, frozen = clock.now(), clock.frozen
    statuses: dict[str, int] = {}
    with account.silent():
        population = _Population(account, random.Random(f"{account.world.seed}:{account.id}"))  # noqa: S311
        try:
            for place in range(count):
                clock.frozen = now - SPREAD_SECONDS + SPREAD_SECONDS * (place + 1) // (count + 1)
                status = population.add_one()
                statuses[status] = statuses.get(status, 0) + 1
        finally:
            clock.frozen = frozen
    return statuses


@dataclass
class _Population:
    account: Account
    chance: random.Random

    def __post_init__(self) -> None:
        products = {name: self.account.add(new_product(self.account, name)) for name, _, _ in PLANS}
        self.prices = [
            self.account.add(
                new_price(
                    self.account,
                    {
                        "product": products[name]["id"],
                        "currency": "usd",
                        "unit_amount": amount,
                        "recurring": {"interval": interval},
                    },
                )
            )
            for name, interval, amount in PLANS
        ]
        self.coupon = self.account.add(new_coupon(self.account, {"percent_off": "20", "name": "Welcome"}))

    def add_one(self) -> str:
        """One customer with a card and a subscription; returns the subscription's status."""
        customer = self._customer()
        share = self.chance.randrange(100)
        params: dict[str, Any] = {
            "customer": customer["id"],
            "items": [{"price": self.chance.choice(self.prices)["id"]}],
        }
        if self.chance.randrange(100) < 15:
            params["discounts"] = [{"coupon": self.coupon["id"]}]
        if share < 8:
            params["cancel_at_period_end"] = True
        elif share < 13:
            params["trial_period_days"] = 60
        subscription = draft_subscription(self.account, params).commit()
        if share >= 90:
            _cancel(subscription)
        elif share >= 85:
            subscription["status"] = "past_due"
            customer["delinquent"] = True
        return str(subscription["status"])

    def _customer(self) -> Obj:
        customer = new_customer(self.account, clock=None)
        number = len(self.account.collection("customer"))
        customer |= {
            "created": self.account.now(),
            "currency": "usd",
            "email": f"user{number}@example.com",
            "name": f"User {number}",
        }
        card = ready_made(self.chance.choice(CARDS))
        if card is not None:
            payment_method = new_payment_method(self.account, card)
            payment_method["customer"] = customer["id"]
            self.account.add(payment_method)
            customer["invoice_settings"]["default_payment_method"] = payment_method["id"]
        return self.account.add(customer)


def _cancel(subscription: Obj) -> None:
    at = subscription["created"] + DAY // 2
    subscription |= {"status": "canceled", "canceled_at": at, "ended_at": at}
    subscription["cancellation_details"]["reason"] = "cancellation_requested"
