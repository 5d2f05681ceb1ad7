"""What a quantity costs under a price, in minor units of the currency.

https://docs.stripe.com/products-prices/pricing-models
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Price = dict[str, Any]


def round_half_up(amount: Decimal) -> int:
    """Whole minor units; half a unit is rounded away from zero."""
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def in_currency(price: Price, currency: str) -> Price:
    """The price's amounts in `currency`: its own, or the `currency_options` entry.

    Raises KeyError where the price has no amount in that currency.
    """
    if price["currency"] == currency:
        return price
    option: Price = (price.get("currency_options") or {})[currency]
    return {**price, "currency": currency, **option}


def price_amount(price: Price, quantity: int) -> int:
    """The undiscounted cost of `quantity` for one whole period."""
    transform = price.get("transform_quantity")
    if transform:
        whole, rest = divmod(quantity, transform["divide_by"])
        quantity = whole + (1 if rest and transform["round"] == "up" else 0)
    if price.get("billing_scheme") != "tiered":
        return round_half_up(_unit(price) * quantity)
    tiers = price["tiers"]
    if price["tiers_mode"] == "volume":
        return round_half_up(_volume(tiers, quantity))
    return round_half_up(_graduated(tiers, quantity))


def is_free(price: Price) -> bool:
    """Whether nothing is ever owed: leaving such a price starts a new billing cycle.

    https://docs.stripe.com/billing/subscriptions/prorations
    """
    return price.get("billing_scheme") != "tiered" and _unit(price) == 0


def _unit(price: Price) -> Decimal:
    exact = price.get("unit_amount_decimal")
    return Decimal(str(exact)) if exact is not None else Decimal(price.get("unit_amount") or 0)


def _flat(tier: Price) -> Decimal:
    exact = tier.get("flat_amount_decimal")
    return Decimal(str(exact)) if exact is not None else Decimal(tier.get("flat_amount") or 0)


def _volume(tiers: list[Price], quantity: int) -> Decimal:
    for tier in tiers:
        if tier["up_to"] is None or quantity <= tier["up_to"]:
            return _flat(tier) + _unit(tier) * quantity
    raise ValueError("the last tier has no upper bound")


def _graduated(tiers: list[Price], quantity: int) -> Decimal:
    total, below = Decimal(0), 0
    for tier in tiers:
        top = quantity if tier["up_to"] is None else min(quantity, tier["up_to"])
        total += _flat(tier) + _unit(tier) * max(top - below, 0)
        if tier["up_to"] is None or quantity <= tier["up_to"]:
            break
        below = tier["up_to"]
    return total
