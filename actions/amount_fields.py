"""Amounts as people write them, 19.90, beside their currency; stored as Stripe counts them, 1990.

https://docs.stripe.com/currencies#minor-units
"""

from decimal import Decimal
from typing import Any

from django import forms

from actions.wording import decimals_of


class AmountField(forms.DecimalField):
    """In the currency's own decimals: none of a yen, three of a Kuwaiti dinar."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["help_text"] = "As it is written in the currency below: 19.90 dollars, 1990 yen, 1.990 dinars."
        super().__init__(min_value=0, max_digits=15, **kwargs)
        self.widget.attrs |= {"step": "any", "inputmode": "decimal"}


def as_written(minor_units: int, currency: str) -> Decimal:
    """``(1990, "usd")`` → ``19.90``"""
    return Decimal(minor_units).scaleb(-decimals_of(currency))


def as_stored(amount: Decimal, currency: str) -> int:
    """``(19.9, "usd")`` → ``1990``. Raises ``ValueError`` with a sentence for decimals that the currency has not."""
    minor_units = amount.scaleb(decimals_of(currency))
    if minor_units != int(minor_units):
        count = decimals_of(currency) or "no"
        raise ValueError(f"Amounts in {currency.upper()} have {count} decimals.")
    return int(minor_units)
