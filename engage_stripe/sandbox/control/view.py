"""What the control page shows of an account: plain data for the template."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.shapes import render
from engage_stripe.sandbox.state import Account, World
from engage_stripe.sandbox.webhooks.deliveries import Delivery
from engage_stripe.sandbox.webhooks.delivery import Dispatcher

ROWS = 12


def page_data(world: World, dispatcher: Dispatcher, account: Account) -> dict[str, Any]:
    """Return the context of `control.html` for the account that is chosen."""
    return {
        "account": account,
        "accounts": list(world.accounts.values()),
        "now": world.clock.now(),
        "counts": {name: len(account.collection(name)) for name in ("subscription", "customer", "event")},
        "subscriptions": [_subscription(account, sub) for sub in _newest(account, "subscription")],
        "customers": [_customer(account, customer) for customer in _newest(account, "customer")],
        "events": list(_newest(account, "event")),
        "deliveries": [_delivery(each) for each in islice(_deliveries(dispatcher, account), ROWS)],
        "withheld": sum(each.account.id == account.id for each in dispatcher.withheld()),
        "disturbances": [rule for rule in dispatcher.disturbances if rule.count != 0],
    }


def card_of(account: Account, customer: Obj) -> Obj | None:
    """Return the card that pays for the customer: the default payment method, else the default source."""
    method = account.get("payment_method", customer["invoice_settings"]["default_payment_method"] or "")
    if method is not None:
        card: Obj | None = method.get("card")
        return card
    return account.get("card", customer["default_source"] or "")


def _newest(account: Account, object_type: str) -> Iterator[Obj]:
    stored: Iterable[Obj] = account.collection(object_type).newest_first()
    return (render(account, obj) for obj in islice(stored, ROWS))


def _subscription(account: Account, sub: Obj) -> dict[str, Any]:
    item = sub["items"]["data"][0]
    price = item["price"]
    product = account.get("product", price["product"]) or {}
    customer = account.get("customer", sub["customer"]) or {}
    return {
        "id": sub["id"],
        "status": sub["status"],
        "customer": customer.get("email") or customer.get("name") or sub["customer"],
        "product": product.get("name", price["product"]),
        "price": price,
        "period_end": item["current_period_end"],
        "ends": sub["cancel_at"],
        "is_live": sub["ended_at"] is None,
    }


def _customer(account: Account, customer: Obj) -> dict[str, Any]:
    return {**customer, "card": card_of(account, customer)}


def _deliveries(dispatcher: Dispatcher, account: Account) -> Iterator[Delivery]:
    return (each for each in reversed(list(dispatcher.log)) if each.account.id == account.id)


def _delivery(delivery: Delivery) -> dict[str, Any]:
    last = delivery.attempts[-1] if delivery.attempts else None
    return {**delivery.as_json(), "answer": "" if last is None else last.status or last.error}
