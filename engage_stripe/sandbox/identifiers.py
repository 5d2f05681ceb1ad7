"""Object ids in Stripe's form, the same for the same seed."""

from __future__ import annotations

import random
import string
from typing import Any

_ALPHABET = string.ascii_letters + string.digits
# https://docs.stripe.com/api/object_ids (lengths as seen in Stripe's own examples)
_LENGTHS = {"cus": 14, "prod": 14, "si": 14, "coupon": 8}


class Identifiers:
    """A stream of ids for one account."""

    def __init__(self, seed: str) -> None:
        # Reproducible on purpose: the same seed makes the same ids.
        self._random = random.Random(seed)  # noqa: S311

    def new(self, prefix: str) -> str:
        """`new("cus")` → `cus_Qx1…`; short for the old resources, `1` + 23 characters for the others."""
        length = _LENGTHS.get(prefix)
        if length is not None:
            return f"{prefix}_{self.text(length)}"
        return f"{prefix}_1{self.text(23)}"

    def text(self, length: int) -> str:
        """Random letters and digits."""
        return "".join(self._random.choices(_ALPHABET, k=length))

    def state(self) -> list[Any]:
        """For snapshots."""
        version, words, gauss = self._random.getstate()
        return [version, list(words), gauss]

    def restore(self, state: list[Any]) -> None:
        """Continue where a snapshot stood."""
        version, words, gauss = state
        self._random.setstate((version, tuple(words), gauss))
