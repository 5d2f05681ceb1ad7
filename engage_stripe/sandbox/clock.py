"""The wall clock of a sandbox, which faults and the admin API can skew."""

from __future__ import annotations

import time


class Clock:
    """Epoch seconds: the machine's clock plus `offset` seconds, or `frozen` when set."""

    def __init__(self) -> None:
        self.offset = 0
        self.frozen: int | None = None

    def now(self) -> int:
        """Epoch seconds."""
        if self.frozen is not None:
            return self.frozen
        return int(time.time()) + self.offset

    def set(self, moment: int) -> None:
        """Make it `moment` (epoch seconds) now; a clock that runs goes on from there."""
        if self.frozen is not None:
            self.frozen = moment
        else:
            self.offset = moment - int(time.time())
