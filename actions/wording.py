"""Amounts, plans and coupons in plain words."""

from collections.abc import Mapping
from typing import Any

from sync.wording import amount_in_words, coupon_in_words, decimals_of, interval_in_words, plan_in_words

__all__ = ["amount_in_words", "coupon_in_words", "decimals_of", "interval_in_words", "named", "plan_in_words"]


def named(names: Mapping[str, str], reference: Any) -> str:
    """What a designer calls a plan or coupon; its id where it is gone from the catalogue."""
    return names.get(str(reference), str(reference))
