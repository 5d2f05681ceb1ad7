"""What a row of the matrix says: an action with certain parameters, what it comes to in each status, and what is
different at Stripe afterwards.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.actions.matrix.situations import STATUSES

PAYING = ("active", "trialing", "past_due")
LIVE = (*PAYING, "unpaid", "paused", "incomplete")
ENDED = ("incomplete_expired", "canceled")
CHANGED = ("succeeded", "requires_action", "pending")
NOT_SENT = ("no_op", "not_allowed")
Found = tuple[str, dict[str, Any], int]
"""The outcome with its code, what is different at Stripe, and how many requests changed or should have."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """``outcomes`` by status: the outcome, with its code after a space where it has one. A status that is not named
    is not allowed for the action. ``{pro}`` in parameters is the id that is called so.

    ``effect`` is all that is different afterwards, in the words of ``reading``; ``in_status`` has what is so in
    some statuses only, where None takes a word away. Nothing may change where the outcome is not a change, but for
    ``in_status``. ``writes`` are the requests that change something: one unless the outcome needs none, or
    in a status of ``not_sent_in``.

    A row runs in the statuses that ``outcomes`` names, narrowed by ``only_in``, and ``everywhere`` in all nine.
    """

    action: str
    case: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    outcomes: Mapping[str, str]
    effect: Mapping[str, Any] = field(default_factory=dict)
    in_status: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    card: str = "good"
    circumstances: tuple[str, ...] = ()
    only_in: tuple[str, ...] = ()
    writes: int = 1
    not_sent_in: tuple[str, ...] = ()
    everywhere: bool = False
    seed_key: bool = False
    in_docs: bool = True

    @property
    def statuses(self) -> tuple[str, ...]:
        """Where it runs, in one order."""
        wanted = STATUSES if self.everywhere else self.only_in or self.outcomes
        return tuple(status for status in STATUSES if status in wanted)

    def outcome_in(self, status: str) -> str:
        """The outcome and its code."""
        refused = "no_subscription" if status == "none" else f"status_{status}"
        return self.outcomes.get(status, f"not_allowed {refused}")

    def expected_in(self, status: str) -> Found:
        """All that a case finds."""
        outcome = self.outcome_in(status)
        kind, own = outcome.split()[0], self.in_status.get(status, {})
        effect = {**(self.effect if kind in CHANGED else {}), **own}
        writes = 0 if kind in NOT_SENT or status in self.not_sent_in else self.writes
        return outcome, {word: value for word, value in effect.items() if value is not None}, writes


def in_each(statuses: Iterable[str], outcome: str) -> dict[str, str]:
    return dict.fromkeys(statuses, outcome)
