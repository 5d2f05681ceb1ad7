"""Lines of invoices: https://docs.stripe.com/api/invoice-line-item/object."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from engage_stripe.sandbox.billing.amounts import in_currency
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.state import Account

# Stripe's own sign between a quantity and a name.
TIMES = "\N{MULTIPLICATION SIGN}"


@dataclass
class Line:
    """One line before it has an invoice; `amount` is before discounts, `taken` what each discount took."""

    description: str
    amount: int
    currency: str
    start: int
    end: int
    price: Obj | None
    quantity: int | None
    subscription: str | None
    item: str | None
    proration: bool = False
    # Prorations of billing mode "included" show net amounts: discount ids with amounts of 0.
    # https://docs.stripe.com/changelog/clover/2025-09-30/itemize-proration-discount-amounts
    net: bool = False
    taken: dict[str, int] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def rest(self) -> int:
        """What the line adds to the total."""
        return self.amount - sum(self.taken.values())


def line_json(account: Account, line: Line, invoice_item: str | None = None) -> Obj:
    """The API object, still without its invoice."""
    shown = line.rest if line.net else line.amount
    return {
        "id": account.ids.new("il"),
        "object": "line_item",
        "amount": shown,
        "currency": line.currency,
        "description": line.description,
        "discount_amounts": [
            {"amount": 0 if line.net else amount, "discount": discount} for discount, amount in line.taken.items()
        ],
        "discountable": not line.proration,
        "discounts": list(line.taken),
        "invoice": None,
        "livemode": account.livemode,
        "metadata": dict(line.metadata),
        "parent": _parent(line, invoice_item),
        "period": {"start": line.start, "end": line.end},
        "pretax_credit_amounts": [],
        "pricing": _pricing(line),
        "quantity": line.quantity,
        "quantity_decimal": None if line.quantity is None else str(line.quantity),
        "subscription": line.subscription,
        "subtotal": shown,
        "taxes": [],
    }


def describe_period(account: Account, price: Obj, quantity: int, currency: str, *, trial: bool) -> str:
    """`2 x Gold (at $10.00 / month)`, or what Stripe writes for the period of a trial."""
    name = product_name(account, price)
    if trial:
        return f"Free trial for {quantity} {TIMES} {name}"
    if price.get("billing_scheme") == "tiered":
        return f"{quantity} {TIMES} {name} (Tier 1 at {_rate(price, currency)})"
    return f"{quantity} {TIMES} {name} (at {_rate(price, currency)})"


def describe_proration(account: Account, price: Obj, quantity: int, at: int, *, credit: bool) -> str:
    """`Unused time on 2 x Gold after 23 Nov 2026`."""
    name = product_name(account, price)
    what = name if quantity == 1 else f"{quantity} {TIMES} {name}"
    day = datetime.fromtimestamp(at, UTC)
    return f"{'Unused' if credit else 'Remaining'} time on {what} after {day:%d %b %Y}"


def product_name(account: Account, price: Obj) -> str:
    """The name of what the price sells, empty when it is gone."""
    product = account.get("product", price["product"])
    return str(product["name"]) if product else ""


def _rate(price: Obj, currency: str) -> str:
    amount = Decimal(str(in_currency(price, currency).get("unit_amount") or 0)) / 100
    recurring = price["recurring"]
    every = "" if recurring["interval_count"] == 1 else f"every {recurring['interval_count']} "
    symbol = "$" if currency == "usd" else f"{currency.upper()} "
    return f"{symbol}{amount:.2f} / {every}{recurring['interval']}"


def _parent(line: Line, invoice_item: str | None) -> Obj:
    if line.item is None:
        details = {
            "invoice_item": invoice_item,
            "proration": False,
            "proration_details": {"credited_items": None},
            "subscription": line.subscription,
        }
        return {
            "type": "invoice_item_details",
            "invoice_item_details": details,
            "subscription_item_details": None,
        }
    details = {
        "invoice_item": invoice_item,
        "proration": line.proration,
        "proration_details": {"credited_items": None},
        "subscription": line.subscription,
        "subscription_item": line.item,
    }
    return {
        "type": "subscription_item_details",
        "invoice_item_details": None,
        "subscription_item_details": details,
    }


def _pricing(line: Line) -> Obj | None:
    if line.price is None:
        return None
    return {
        "type": "price_details",
        "price_details": {"price": line.price["id"], "product": line.price["product"]},
        "unit_amount_decimal": line.price.get("unit_amount_decimal"),
    }
