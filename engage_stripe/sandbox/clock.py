"""The wall clock of a sandbox, which can be wrong on purpose and can be moved forward."""

from __future__ import annotations

import time


class Clock:
    """Epoch seconds: the machine's clock, wrong by `offset`, `passed` ahead; or `frozen` when set."""

    def __init__(self) -> None:
        self.offset = 0
        self.passed = 0
        self.frozen: int | None = None

    def now(self) -> int:
        """The time that objects, events and the `Date` header have."""
        if self.frozen is not None:
            return self.frozen
        return self.sending_time() + self.passed

    def sending_time(self) -> int:
        """The time that webhooks are signed with.

        Receivers refuse old signatures, so time that was let pass or stopped does not count here.
        """
        return int(time.time()) + self.offset

    def set(self, moment: int) -> None:
        """Make it `moment` now; a clock that runs goes on from there."""
        if self.frozen is not None:
            self.frozen = moment
        else:
            self.passed = moment - self.sending_time()
