"""Prorations to the second, and the record of debits that credits are taken from.

Classic billing mode credits the current price; flexible billing mode credits what was debited.
https://docs.stripe.com/billing/subscriptions/prorations
https://docs.stripe.com/billing/subscriptions/billing-mode/compare
"""

from dataclasses import dataclass, field, replace
from fractions import Fraction


@dataclass(frozen=True)
class Debit:
    """An amount billed for one item over [start, end), before discounts; what each discount took, by id."""

    amount: int
    start: int
    end: int
    discounts: dict[str, int] = field(default_factory=dict)


def prorate(amount: int, start: int, end: int, since: int) -> int:
    """The share of `amount`, billed for [start, end), that falls on [since, end).

    Half a minor unit is rounded away from zero.
    """
    if end <= start:
        return 0
    share = Fraction(max(end - max(since, start), 0), end - start) * amount
    half_up = (2 * abs(share.numerator) + share.denominator) // (2 * share.denominator)
    return half_up if share >= 0 else -half_up


def split(debits: list[Debit], at: int) -> tuple[list[Debit], list[Debit]]:
    """(kept, unused): each debit cut at `at`; the two parts of one debit add up to it exactly."""
    kept, unused = [], []
    for debit in debits:
        if debit.end <= at:
            kept.append(debit)
            continue
        since = max(at, debit.start)
        rest = replace(
            debit,
            amount=prorate(debit.amount, debit.start, debit.end, since),
            discounts={
                key: prorate(taken, debit.start, debit.end, since) for key, taken in debit.discounts.items()
            },
            start=since,
        )
        unused.append(rest)
        if since > debit.start:
            kept.append(_without(debit, rest))
    return kept, unused


def _without(debit: Debit, rest: Debit) -> Debit:
    return replace(
        debit,
        amount=debit.amount - rest.amount,
        discounts={key: taken - rest.discounts[key] for key, taken in debit.discounts.items()},
        end=rest.start,
    )
