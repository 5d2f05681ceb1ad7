"""What may go wrong with webhooks on their way: withheld, delayed, duplicated, reordered.

Stripe promises neither order nor once-only delivery (https://docs.stripe.com/webhooks#behaviors).
"""

import random
from dataclasses import dataclass, field
from typing import Literal

from engage_stripe.sandbox.webhooks.deliveries import Delivery

Kind = Literal["withhold", "delay", "duplicate", "reorder"]


@dataclass
class Disturbance:
    """A rule for coming deliveries.

    kind: withhold until released; delay by `seconds`; send 1 + `copies` times; or reorder: collect
    `count` deliveries and send them in another order.
    count: how many deliveries it applies to, None for every one until it is cleared.
    account, type, endpoint: only deliveries that have these, None for any.
    """

    kind: Kind
    count: int | None = 1
    account: str | None = None
    type: str | None = None
    endpoint: str | None = None
    seconds: float = 0.0
    copies: int = 1
    collected: list[Delivery] = field(default_factory=list, init=False)

    def matches(self, delivery: Delivery) -> bool:
        """Return whether the rule is for this delivery and not used up."""
        wanted = (
            (self.account, delivery.account.id),
            (self.type, delivery.event["type"]),
            (self.endpoint, delivery.endpoint_id),
        )
        return self.count != 0 and all(want in (None, has) for want, has in wanted)

    def use(self) -> None:
        """Count one delivery that the rule was applied to."""
        if self.count is not None:
            self.count -= 1


def reordered(deliveries: list[Delivery], rng: random.Random) -> list[Delivery]:
    """Return `deliveries` in a random order that is never the given one, if there are two or more."""
    shuffled = list(deliveries)
    rng.shuffle(shuffled)
    return list(reversed(deliveries)) if shuffled == deliveries else shuffled
