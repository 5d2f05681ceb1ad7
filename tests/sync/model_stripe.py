"""A model of Stripe, small enough to be right by looking at it: two customers with everything that traits need.

Every change emits the events that Stripe would, in the second that ``now`` says, as snapshots of the objects then.
``truth`` is what a fetch would answer.
"""

import copy
from collections.abc import Callable
from typing import Any

from engage_stripe.sandbox.webhooks.versions import render_event
from tests.sync import stripe_shapes as shapes

Json = dict[str, Any]

VERSIONS = (
    "2026-10-28.endive",
    "2026-08-26.dahlia",
    "2025-09-30.clover",
    "2025-03-31.basil",
    "2022-11-15",
    "2019-03-14",
)
PLANS = {
    "price_basic": ("prod_basic", 1000, "month"),
    "price_pro": ("prod_pro", 5000, "month"),
    "price_seat": ("prod_seat", 300, "month"),
}


class ModelStripe:
    """One account. ``events`` in the order in which they were created."""

    def __init__(self) -> None:
        self.now = shapes.NOW
        self.events: list[Json] = []
        self.customers: dict[str, Json] = {}
        self.subscriptions: dict[str, Json] = {}
        self.discounts: dict[str, Json] = {}
        self.methods: dict[str, Json] = {}
        self.products: dict[str, Json] = {
            product: shapes.product(id=product, name=product.removeprefix("prod_").title())
            for product, _, _ in PLANS.values()
        }
        self.coupons = {"SAVE20": shapes.coupon(), "VIP": shapes.coupon(id="VIP", name=None)}
        self._counter = 0

    # What there is

    def truth(self, customer_id: str) -> list[Json]:
        """What a refresh reads: the customer and all its subscriptions, expanded, in the pinned version."""
        customer = self.customers[customer_id]
        if customer.get("deleted"):
            bare = {"id": customer_id, "object": "customer", "deleted": True}
            return copy.deepcopy([bare, *map(self._expanded, self._subscriptions_of(customer_id))])
        settings = customer["invoice_settings"]["default_payment_method"]
        whole = {**customer, "invoice_settings": {"default_payment_method": self.methods.get(settings, settings)}}
        return copy.deepcopy([whole, *map(self._expanded, self._subscriptions_of(customer_id))])

    def catalogue(self) -> list[Json]:
        return copy.deepcopy([*self.products.values(), *self.coupons.values()])

    def rendered(self, event: Json, version: str) -> Json:
        """The event as an endpoint of this API version gets it."""
        old = render_event(event, version, self._fetch)
        if version < "2020-08-27":
            for item in old["data"]["object"].get("items", {}).get("data", []):
                del item["price"]
        return old

    # What can happen

    def create_customer(self, customer_id: str, email: str) -> None:
        self.customers[customer_id] = shapes.customer(id=customer_id, email=email, created=self.now)
        self._emit("customer.created", self.customers[customer_id])

    def change_email(self, customer_id: str, email: str) -> None:
        self._update_customer(customer_id, email=email)

    def delete_customer(self, customer_id: str) -> None:
        for subscription in self._subscriptions_of(customer_id):
            self._end(subscription)
        for method in self.methods.values():
            if method["customer"] == customer_id:
                self.detach_card(method["id"])
        self._emit("customer.deleted", self.customers[customer_id])
        self.customers[customer_id]["deleted"] = True

    def subscribe(self, customer_id: str, price: str, status: str) -> None:
        subscription_id = self._new_id("sub")
        trial = {"trial_start": self.now, "trial_end": self.now + 86_400} if status == "trialing" else {}
        self.subscriptions[subscription_id] = shapes.subscription(
            id=subscription_id,
            customer=customer_id,
            created=self.now,
            status=status,
            items=[self._item(price, 1)],
            **trial,
        )
        self._emit("customer.subscription.created", self.subscriptions[subscription_id])

    def switch_plan(self, subscription: Json, price: str, quantity: int) -> None:
        self._update(subscription, items=self._items([self._item(price, quantity)]))

    def add_item(self, subscription: Json, price: str, quantity: int) -> None:
        items = [*subscription["items"]["data"], self._item(price, quantity)]
        self._update(subscription, items=self._items(items))

    def remove_item(self, subscription: Json) -> None:
        self._update(subscription, items=self._items(subscription["items"]["data"][:-1]))

    def renew(self, subscription: Json) -> None:
        items = [
            {**item, "current_period_start": item["current_period_end"],
             "current_period_end": item["current_period_end"] + shapes.MONTH}
            for item in subscription["items"]["data"]
        ]  # fmt: skip
        self._update(subscription, items=self._items(items), status="active")

    def change_status(self, subscription: Json, status: str) -> None:
        self._update(subscription, status=status)

    def cancel_at_period_end(self, subscription: Json, *, dated: bool) -> None:
        ends = [item["current_period_end"] for item in subscription["items"]["data"]]
        dates = {"cancel_at": min(ends, default=None)} if dated else {"cancel_at_period_end": True}
        self._update(subscription, canceled_at=self.now, **dates)

    def keep(self, subscription: Json) -> None:
        self._update(subscription, cancel_at=None, cancel_at_period_end=False, canceled_at=None)

    def cancel_now(self, subscription: Json) -> None:
        self._end(subscription)

    def pause_collection(self, subscription: Json) -> None:
        self._update(subscription, pause_collection={"behavior": "void", "resumes_at": None})

    def discount(self, subscription: Json, coupon: str) -> None:
        discount_id = self._new_id("di")
        self.discounts[discount_id] = shapes.discount(
            id=discount_id,
            customer=subscription["customer"],
            subscription=subscription["id"],
            source={"type": "coupon", "coupon": coupon},
            start=self.now,
        )
        self._emit("customer.discount.created", self.discounts[discount_id])
        self._update(subscription, discounts=[*subscription["discounts"], discount_id])

    def remove_discounts(self, subscription: Json) -> None:
        for discount_id in subscription["discounts"]:
            self._emit("customer.discount.deleted", {**self.discounts[discount_id], "deleted": True})
        self._update(subscription, discounts=[])

    def attach_card(self, customer_id: str, brand: str) -> None:
        method_id = self._new_id("pm")
        method = shapes.payment_method(id=method_id, customer=customer_id)
        self.methods[method_id] = {**method, "card": {**method["card"], "brand": brand}}
        self._emit("payment_method.attached", self.methods[method_id])
        self._update_customer(customer_id, invoice_settings={"default_payment_method": method_id})

    def detach_card(self, method_id: str) -> None:
        former = {"customer": self.methods[method_id]["customer"]}
        self.methods[method_id] = {**self.methods[method_id], "customer": None}
        self._emit("payment_method.detached", self.methods[method_id], former)

    def replace_card(self, method_id: str, year: int) -> None:
        card = {**self.methods[method_id]["card"], "exp_year": year}
        self.methods[method_id] = {**self.methods[method_id], "card": card}
        self._emit("payment_method.automatically_updated", self.methods[method_id])

    def fail_payment(self, subscription: Json) -> None:
        self._emit("invoice.payment_failed", shapes.invoice(customer=subscription["customer"]))
        self._update(subscription, status="past_due")
        self._update_customer(subscription["customer"], delinquent=True)

    def pay(self, subscription: Json) -> None:
        self._emit("invoice.paid", shapes.invoice(customer=subscription["customer"], status="paid"))
        self._update(subscription, status="active")
        self._update_customer(subscription["customer"], delinquent=False)

    def write_off(self, customer_id: str) -> None:
        """Marking an invoice uncollectible clears ``delinquent`` without a payment."""
        self._update_customer(customer_id, delinquent=False)

    def rename_product(self, product_id: str, name: str) -> None:
        self.products[product_id] = {**self.products[product_id], "name": name}
        self._emit("product.updated", self.products[product_id])

    # How it is done

    def live_subscriptions(self) -> list[Json]:
        return [
            one
            for one in self.subscriptions.values()
            if one["status"] != "canceled" and not self.customers[one["customer"]].get("deleted")
        ]

    def live_customers(self) -> list[str]:
        return [key for key, one in self.customers.items() if not one.get("deleted")]

    def attached_cards(self) -> list[str]:
        return [key for key, one in self.methods.items() if one["customer"]]

    def _emit(self, event_type: str, data: Json, previous: Json | None = None) -> None:
        event = shapes.event(
            event_type, copy.deepcopy(data), created=self.now, previous_attributes=copy.deepcopy(previous)
        )
        self.events.append(event)

    def _update(self, subscription: Json, **changes: Any) -> None:
        previous = {name: subscription[name] for name in changes}
        subscription.update(changes)
        self._emit("customer.subscription.updated", subscription, previous)

    def _update_customer(self, customer_id: str, **changes: Any) -> None:
        customer = self.customers[customer_id]
        previous = {name: customer[name] for name in changes if customer[name] != changes[name]}
        customer.update(changes)
        if previous:
            self._emit("customer.updated", customer, previous)

    def _end(self, subscription: Json) -> None:
        if subscription["status"] != "canceled":
            subscription.update(status="canceled", canceled_at=self.now, ended_at=self.now)
            self._emit("customer.subscription.deleted", subscription)

    def _subscriptions_of(self, customer_id: str) -> list[Json]:
        return [one for one in self.subscriptions.values() if one["customer"] == customer_id]

    def _expanded(self, subscription: Json) -> Json:
        coupon: Callable[[Json], Json] = lambda one: {  # noqa: E731
            **one,
            "source": {"type": "coupon", "coupon": self.coupons[one["source"]["coupon"]]},
        }
        return {**subscription, "discounts": [coupon(self.discounts[one]) for one in subscription["discounts"]]}

    def _item(self, price: str, quantity: int) -> Json:
        product, amount, interval = PLANS[price]
        whole = shapes.price(id=price, product=product, unit_amount=amount, unit_amount_decimal=str(amount))
        whole["recurring"]["interval"] = interval
        return shapes.item(id=self._new_id("si"), price=whole, quantity=quantity, created=self.now)

    def _items(self, items: list[Json]) -> Json:
        return {"object": "list", "data": items, "has_more": False}

    def _fetch(self, object_type: str, object_id: str) -> Json | None:
        kept = {"discount": self.discounts, "coupon": self.coupons, "payment_method": self.methods}
        return copy.deepcopy(kept.get(object_type, {}).get(object_id))

    def _new_id(self, prefix: str) -> str:
        self._counter += 1
        return f"{prefix}_{self._counter:03d}"


def events_of_every_kind() -> list[Json]:
    """An event of every kind that a busy customer makes, in the shapes of every version."""
    stripe = ModelStripe()
    stripe.create_customer("cus_a", "a@example.com")
    stripe.attach_card("cus_a", "visa")
    stripe.subscribe("cus_a", "price_pro", "trialing")
    subscription = stripe.live_subscriptions()[0]
    stripe.discount(subscription, "SAVE20")
    stripe.pause_collection(subscription)
    stripe.cancel_at_period_end(subscription, dated=True)
    stripe.fail_payment(subscription)
    stripe.rename_product("prod_pro", "Gold")
    stripe.detach_card(stripe.attached_cards()[0])
    return [stripe.rendered(event, version) for event in stripe.events for version in VERSIONS]
