"""A small shop in a private sandbox account: prices, and customers on a test clock of their own."""

from __future__ import annotations

from typing import Any

import stripe

from tests.sandbox_process import StripeAccount

START = 1_767_225_600  # 2026-01-01T00:00:00Z, a month of 31 days
DAY = 86_400
HOUR = 3_600


class Shop:
    """Monthly prices of 10 and 20 USD, a yearly one of 100 USD, and one customer who pays with a good card."""

    def __init__(self, account: StripeAccount) -> None:
        self.account = account
        self.stripe = account.client.v1
        self.product = self.stripe.products.create({"name": "Gold"}).id
        self.basic = self.price(1000)
        self.premium = self.price(2000)
        self.yearly = self.price(10000, interval="year")
        self.clock = self.stripe.test_helpers.test_clocks.create({"frozen_time": START}).id
        self.customer = self.new_customer()
        self.pay_with("pm_card_visa")

    def price(self, amount: int, *, interval: str = "month", **more: Any) -> str:
        """A recurring price of the product."""
        recurring = {"interval": interval, **more.pop("recurring", {})}
        params: Any = {"product": self.product, "currency": "usd", "unit_amount": amount} | more
        return str(self.stripe.prices.create({**params, "recurring": recurring}).id)

    def new_customer(self) -> str:
        """A customer without a payment method on the shop's clock."""
        return str(self.stripe.customers.create({"email": "a@example.com", "test_clock": self.clock}).id)

    def pay_with(self, card: str) -> str:
        """Make a test card the customer's default."""
        method = self.stripe.payment_methods.attach(card, {"customer": self.customer}).id
        self.stripe.customers.update(self.customer, {"invoice_settings": {"default_payment_method": method}})
        return str(method)

    def subscribe(self, *prices: str, **more: Any) -> stripe.Subscription:
        """A subscription of the customer to those prices, the basic one when none is named."""
        items = [{"price": price} for price in prices or (self.basic,)]
        params: Any = {"customer": self.customer, "items": items, "expand": ["latest_invoice"]} | more
        return self.stripe.subscriptions.create(params)

    def update(self, sub: stripe.Subscription, **params: Any) -> stripe.Subscription:
        """Update with the latest invoice expanded."""
        given: Any = {"expand": ["latest_invoice"], **params}
        return self.stripe.subscriptions.update(sub.id, given)

    def switch(self, sub: stripe.Subscription, price: str, **params: Any) -> stripe.Subscription:
        """Change the price of the first item."""
        return self.update(sub, items=[{"id": item_of(sub).id, "price": price}], **params)

    def fresh(self, sub: stripe.Subscription) -> stripe.Subscription:
        """The subscription as it is now, with its latest invoice."""
        return self.stripe.subscriptions.retrieve(sub.id, {"expand": ["latest_invoice"]})

    def advance(self, moment: int) -> None:
        """Move the clock."""
        self.stripe.test_helpers.test_clocks.advance(self.clock, {"frozen_time": moment})

    def events(self, *types: str) -> list[stripe.Event]:
        """The account's events of those types, oldest first."""
        params: Any = {"types": list(types), "limit": 100}
        return list(reversed(self.stripe.events.list(params).data))

    def preview(self, sub: stripe.Subscription, **details: Any) -> stripe.Invoice:
        """The invoice that a change would make."""
        params: Any = {"subscription": sub.id}
        if details:
            params["subscription_details"] = details
        return self.stripe.invoices.create_preview(params)


def item_of(sub: stripe.Subscription, place: int = 0) -> stripe.SubscriptionItem:
    """An item (`sub.items` is a method of dicts in older SDKs, so it is read by name)."""
    return sub["items"].data[place]  # type: ignore[no-any-return]


def invoice_of(sub: stripe.Subscription) -> stripe.Invoice:
    """The expanded latest invoice."""
    assert isinstance(sub.latest_invoice, stripe.Invoice)
    return sub.latest_invoice


def amounts(invoice: stripe.Invoice) -> list[int]:
    """The amounts of an invoice's lines."""
    return [line.amount for line in invoice.lines.data]


def previous(event: stripe.Event) -> dict[str, Any]:
    """`previous_attributes`, empty when the event has none."""
    return dict(event.data.to_dict().get("previous_attributes") or {})
