"""Object ids in Stripe's form, the same for the same seed."""

from __future__ import annotations

import random
import string

_ALPHABET = string.ascii_letters + string.digits
# https://docs.stripe.com/api/object_ids (lengths as seen in Stripe's own examples)
_LENGTHS = {"cus": 14, "prod": 14, "si": 14, "coupon": 8}


class Identifiers:
    """A stream of ids for one account."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def new(self, prefix: str) -> str:
        """`new("cus")` → `cus_Qx1…`; short for the old resources, `1` + 23 characters for the others."""
        length = _LENGTHS.get(prefix)
        if length is not None:
            return f"{prefix}_{self.text(length)}"
        return f"{prefix}_1{self.text(23)}"

    def text(self, length: int) -> str:
        """Random letters and digits."""
        return "".join(self._random.choices(_ALPHABET, k=length))

    def getstate(self) -> object:
        """For snapshots."""
        return self._random.getstate()

    def setstate(self, state: object) -> None:
        """Continue where a snapshot stood."""
        version, words, gauss = state  # type: ignore[misc]
        self._random.setstate((version, tuple(words), gauss))
