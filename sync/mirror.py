"""The guarded mirror: facts replace rows of a lower rank, whatever order they come in. One statement per table.

Callers hold the locks of ``customer_locks``; tables and rows are written in one order, so writers never deadlock.
"""

from collections.abc import Callable, Iterable
from dataclasses import fields
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import models

from connector import statements
from sync.facts import (
    CouponFact,
    CustomerFact,
    DiscountFact,
    Doubt,
    Fact,
    MirroredFact,
    PaymentFact,
    PaymentMethodFact,
    PriceFact,
    ProductFact,
    PromotionCodeFact,
    SubscriptionFact,
    customer_of,
)
from sync.mirror_sql import PAYMENTS_SQL, upsert_sql
from sync.models import (
    Coupon,
    Customer,
    Discount,
    PaymentMethod,
    Price,
    Product,
    PromotionCode,
    Subscription,
)
from sync.observed import ConnectionId, Mirrored, Observation, Written, is_fetched
from sync.records import as_records


class Table(NamedTuple):
    """``object_type`` is what to read again when a row is in doubt; ``names`` are the columns besides the rank, and
    ``values_of`` a fact has what they hold."""

    object_type: str
    names: tuple[str, ...]
    values_of: Callable[[Fact], tuple[Any, ...]]
    upsert: str


def _table(fact_type: type[MirroredFact], model: type[models.Model], object_type: str) -> Table:
    names = tuple(one.name for one in fields(fact_type))
    return Table(object_type, names, attrgetter(*names), upsert_sql(fact_type, model))


TABLES: dict[type[MirroredFact], Table] = {
    CustomerFact: _table(CustomerFact, Customer, "customer"),
    SubscriptionFact: _table(SubscriptionFact, Subscription, "customer"),
    DiscountFact: _table(DiscountFact, Discount, "customer"),
    PaymentMethodFact: _table(PaymentMethodFact, PaymentMethod, "customer"),
    ProductFact: _table(ProductFact, Product, "product"),
    PriceFact: _table(PriceFact, Price, "price"),
    CouponFact: _table(CouponFact, Coupon, "coupon"),
    PromotionCodeFact: _table(PromotionCodeFact, PromotionCode, "promotion_code"),
}
"""In the order in which they are written."""


def write(observations: Iterable[Observation], mirrored: Mirrored) -> None:
    """Apply the facts under the guard; ``mirrored`` collects touched customers, doubts and renamed objects."""
    newest: dict[type[Fact], dict[tuple[ConnectionId, str], Written]] = {}
    for observation in observations:
        for doubt in observation.doubts:
            mirrored.doubt(observation.connection_id, doubt, observation.rank)
        for fact in observation.facts:
            _keep_newest(newest.setdefault(type(fact), {}), observation, fact, mirrored)
    for fact_type, table in TABLES.items():
        if versions := newest.get(fact_type):
            _upsert(fact_type, table, versions, mirrored)
    if payments := newest.get(PaymentFact):
        _write_payments(payments, mirrored)


def _keep_newest(
    versions: dict[tuple[ConnectionId, str], Written],
    observation: Observation,
    fact: Fact,
    mirrored: Mirrored,
) -> None:
    stripe_id = fact.customer if isinstance(fact, PaymentFact) else fact.stripe_id
    key = (observation.connection_id, stripe_id)
    known = versions.get(key)
    mirrored.touch(observation.connection_id, customer_of(fact), observation.rank)
    if known is None or observation.rank > known.rank:
        versions[key] = Written(fact, observation.rank, observation.source)
    elif observation.rank == known.rank and fact != known.fact:
        _doubt_both(mirrored, key[0], observation.rank, fact, customer_of(known.fact))


def _doubt_both(
    mirrored: Mirrored, connection_id: ConnectionId, rank: int, fact: Fact, other_customer: str | None
) -> None:
    """Two facts of the same second differ: read what they are about again."""
    if isinstance(fact, ProductFact | PriceFact | CouponFact | PromotionCodeFact):
        about = Doubt(TABLES[type(fact)].object_type, fact.stripe_id, "same second")
        mirrored.doubt(connection_id, about, rank)
        return
    for customer in {customer_of(fact), other_customer} - {None, ""}:
        mirrored.doubt(connection_id, Doubt("customer", str(customer), "same second"), rank)


def _upsert(
    fact_type: type[MirroredFact],
    table: Table,
    versions: dict[tuple[ConnectionId, str], Written],
    mirrored: Mirrored,
) -> None:
    listed = list(versions.items())
    rows = [
        {"n": n, "connection_id": key[0], "rank": version.rank}
        | {
            name: value
            for name, value in zip(table.names, table.values_of(version.fact), strict=True)
            if value is not None
        }
        for n, (key, version) in enumerate(listed)
    ]
    for n, rank_before, differs, owner, written in statements.rows(table.upsert, [as_records(rows)]):
        (connection_id, stripe_id), version = listed[n]
        customer = customer_of(version.fact)
        if written:
            mirrored.wrote(connection_id, customer, version)
        if owner and owner != customer:
            mirrored.touch(connection_id, owner, version.rank)
            if written:
                mirrored.wrote(connection_id, owner, version)
        if _contradicts(version.rank, rank_before, differs=differs, written=written):
            _doubt_both(mirrored, connection_id, max(version.rank, rank_before or 0), version.fact, owner)
        if differs and written and fact_type in _NAMED:
            mirrored.renamed[connection_id, table.object_type, stripe_id] = rank_before is None


_NAMED = (ProductFact, CouponFact)


def _contradicts(rank: int, rank_before: int | None, *, differs: bool, written: bool) -> bool:
    """The row says something else about the same second, or somebody wrote it while this statement ran.

    A fetch that was too early to outrank the row, and yet differs, may have seen what no event told.
    """
    if rank_before is None or rank_before < rank:
        return not written
    return differs and (rank_before == rank or is_fetched(rank))


def _write_payments(payments: dict[tuple[ConnectionId, str], Written], mirrored: Mirrored) -> None:
    rows = [
        {"c": key[0], "s": key[1], "rank": version.rank, "failed": _payment_failed(version.fact)}
        for key, version in payments.items()
    ]
    for connection_id, customer, rank, written, contradicts in statements.rows(PAYMENTS_SQL, [as_records(rows)]):
        payment = payments[connection_id, customer]
        if written:
            mirrored.wrote(connection_id, customer, payment)
        if contradicts:
            _doubt_both(mirrored, connection_id, rank, payment.fact, None)


def _payment_failed(fact: Fact) -> bool:
    return isinstance(fact, PaymentFact) and fact.payment_failed
