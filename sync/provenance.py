"""Which event, answer or run set a trait: the one that brought what the mirror took of its object. Pure."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import orjson

from sync.facts import CustomerFact, DiscountFact, Fact, Json, PaymentFact, PaymentMethodFact, SubscriptionFact
from sync.observed import Written
from sync.traits import UNPAID, Projection

_Fits: TypeAlias = Callable[[Fact], bool]

Sources: TypeAlias = list[tuple[Json, list[str]]]
"""Each source once, with the traits that it set."""


class Former(NamedTuple):
    """Whom the traits described before."""

    customer: str | None
    subscription: str | None


def sources_of(
    traits: Collection[str], written: Sequence[Written], projection: Projection, former: Former, otherwise: Json
) -> Sources:
    """The sources of the traits that changed. ``written`` is what the mirror took of the user's customers.

    ``otherwise`` is the source where the mirror took nothing: a link changed, or a name.
    """
    if not written or all(one.source is written[0].source for one in written):
        return [(written[0].source if written else otherwise, list(traits))] if traits else []
    found: dict[str, Json] = {}
    sources: dict[int, tuple[Json, list[str]]] = {}
    for trait in traits:
        group = _group(trait)
        if group not in found:
            found[group] = _newest_that_fits(written, _preferences(group, projection, former)).source
        source = found[group]
        sources.setdefault(id(source), (source, []))[1].append(trait)
    return list(sources.values())


def moved_to(sources: Sources, stored: str, *, changed: Collection[str], now: int) -> list[list[Any]]:
    """What is stored of a user's sources, with the traits that changed moved to what set them ``now``."""
    groups = [
        [source, kept]
        for source, traits in orjson.loads(stored)
        if (kept := [trait for trait in traits if trait not in changed])
    ]
    return groups + [[{**source, "set_at": now}, traits] for source, traits in sources]


def _group(trait: str) -> str:
    if trait in {"delinquent", "coupon"}:
        return trait
    return "card" if trait.startswith("payment_card_") else "subscription"


def _newest_that_fits(written: Sequence[Written], preferences: Iterable[_Fits]) -> Written:
    for fits in preferences:
        if able := [one for one in written if fits(one.fact)]:
            return max(able, key=lambda one: one.rank)
    return max(written, key=lambda one: one.rank)


def _preferences(group: str, projection: Projection, former: Former) -> Iterator[_Fits]:
    """What may have set the traits of the group, the likeliest first."""
    described = (projection.customer, former.customer)
    yield lambda fact: isinstance(fact, CustomerFact) and fact.deleted and fact.stripe_id in described
    match group:
        case "delinquent":
            value = projection.traits.delinquent
            yield lambda fact: _owner(fact) == projection.customer and _delinquent(fact) is value
        case "coupon":
            yield _is(projection.discount)
            yield lambda fact: isinstance(fact, DiscountFact) and fact.deleted
        case "card":
            method = projection.payment_method
            yield _is(method)
            yield lambda fact: _pays_with(fact, method)
            yield lambda fact: isinstance(fact, PaymentMethodFact) and fact.deleted
    yield _is(projection.subscription)
    yield _is(former.subscription)
    yield _is(projection.customer)
    yield _is(former.customer)


def _is(stripe_id: str | None) -> _Fits:
    return lambda fact: stripe_id is not None and not isinstance(fact, PaymentFact) and fact.stripe_id == stripe_id


def _pays_with(fact: Fact, method: str | None) -> bool:
    """Whether it names the payment method as its default."""
    if not isinstance(fact, SubscriptionFact | CustomerFact):
        return False
    return method in (fact.default_payment_method, fact.default_source)


def _owner(fact: Fact) -> str | None:
    return fact.stripe_id if isinstance(fact, CustomerFact) else getattr(fact, "customer", None)


def _delinquent(fact: Fact) -> bool | None:
    """What the fact says of it, if anything."""
    match fact:
        case PaymentFact():
            return fact.payment_failed
        case CustomerFact():
            return bool(fact.delinquent)
        case SubscriptionFact():
            return fact.status in UNPAID
        case _:
            return None
