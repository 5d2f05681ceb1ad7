"""The guarded mirror: facts replace rows of a lower rank, whatever order they come in. One statement per table.

Callers hold the locks of ``lock_customers``; tables and rows are written in one order, so writers never deadlock.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple, TypeAlias
from uuid import UUID

from django.db import connection as database
from django.db import models

from sync.facts import (
    CouponFact,
    CustomerFact,
    DiscountFact,
    Doubt,
    Fact,
    Json,
    MirroredFact,
    PaymentFact,
    PaymentMethodFact,
    PriceFact,
    ProductFact,
    PromotionCodeFact,
    SubscriptionFact,
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

CustomerKey: TypeAlias = tuple[UUID, str]
"""(connection id, Stripe customer id)"""


APP_LOCK = 0x53545250
"""First key of the advisory lock of an App: shared by writers, held alone while its identities are projected."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What one event or one answer said: ``rank`` places it in Stripe's time, ``source`` says where it came from."""

    connection_id: UUID
    rank: int
    source: Json
    facts: Sequence[Fact]
    doubts: Sequence[Doubt] = ()


class Touch(NamedTuple):
    """A customer was the subject of a fact of this type."""

    fact_type: type[Fact]
    rank: int
    source: Json


@dataclass(slots=True)
class Mirrored:
    """What changed, for whom, and what has to be read again. ``renamed`` are products and coupons."""

    touches: dict[CustomerKey, list[Touch]] = field(default_factory=dict)
    doubts: dict[tuple[UUID, Doubt], int] = field(default_factory=dict)
    renamed: set[tuple[UUID, str, str]] = field(default_factory=set)

    def touch(self, connection_id: UUID, customer: str | None, touch: Touch) -> None:
        if customer:
            self.touches.setdefault((connection_id, customer), []).append(touch)

    def doubt(self, connection_id: UUID, doubt: Doubt, rank: int) -> None:
        """Only a fetch of the next odd rank after ``rank`` settles it."""
        key = (connection_id, doubt)
        self.doubts[key] = max(self.doubts.get(key, 0), settling_rank(rank))


class _Version(NamedTuple):
    rank: int
    fact: Fact
    source: Json


class Table(NamedTuple):
    model: type[models.Model]
    object_type: str


TABLES: dict[type[MirroredFact], Table] = {
    CustomerFact: Table(Customer, "customer"),
    SubscriptionFact: Table(Subscription, "customer"),
    DiscountFact: Table(Discount, "customer"),
    PaymentMethodFact: Table(PaymentMethod, "customer"),
    ProductFact: Table(Product, "product"),
    PriceFact: Table(Price, "price"),
    CouponFact: Table(Coupon, "coupon"),
    PromotionCodeFact: Table(PromotionCode, "promotion_code"),
}
"""In the order in which they are written."""


def event_rank(created: int) -> int:
    """The rank of an event that Stripe created in this second."""
    return 2 * created


def settling_rank(rank: int) -> int:
    """The lowest rank of a fetch that includes everything of the second that ``rank`` is in."""
    return rank + 1 + rank % 2


def customer_of(fact: Fact) -> str | None:
    """The customer whose traits the fact may change."""
    match fact:
        case CustomerFact():
            return fact.stripe_id
        case SubscriptionFact() | DiscountFact() | PaymentMethodFact() | PaymentFact():
            return fact.customer
        case _:
            return None


def lock_customers(keys: Collection[CustomerKey], *, app_ids: Collection[UUID]) -> dict[CustomerKey, str | None]:
    """Lock the customers' rows in id order until the transaction ends; make rows of rank 0 for unknown ones.

    Shares the lock of the Apps, so that their identities are not projected meanwhile. Returns the email each
    customer had before.
    """
    rows = json.dumps([{"c": str(connection_id), "s": stripe_id} for connection_id, stripe_id in keys])
    with database.cursor() as cursor:
        cursor.execute(_LOCK_NEW_SQL, [APP_LOCK, sorted(map(str, app_ids)), rows])
        cursor.execute(_LOCK_SQL, [rows])
        return {(connection_id, stripe_id): email for connection_id, stripe_id, email in cursor.fetchall()}


_KEYS = "jsonb_to_recordset(%s::jsonb) AS k(c uuid, s text)"
_LOCK_NEW_SQL = f"""
    WITH shared AS MATERIALIZED (
        SELECT pg_advisory_xact_lock_shared(%s, hashtext(a)) FROM unnest(%s::text[]) AS a
    )
    INSERT INTO {Customer._meta.db_table}
        (connection_id, stripe_id, rank, deleted)
    SELECT k.c, k.s, 0, false FROM {_KEYS}, (SELECT count(*) FROM shared) s ORDER BY k.c, k.s
    ON CONFLICT (connection_id, stripe_id) DO NOTHING
"""  # noqa: S608  table name
_LOCK_SQL = f"""
    SELECT t.connection_id, t.stripe_id, t.email FROM {Customer._meta.db_table} t
    JOIN {_KEYS} ON t.connection_id = k.c AND t.stripe_id = k.s
    ORDER BY t.connection_id, t.stripe_id FOR NO KEY UPDATE OF t
"""  # noqa: S608  table name


def write(observations: Iterable[Observation], mirrored: Mirrored) -> None:
    """Apply the facts under the guard; ``mirrored`` collects touched customers, doubts and renamed objects."""
    newest: dict[type[Fact], dict[tuple[UUID, str], _Version]] = {}
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
    versions: dict[tuple[UUID, str], _Version],
    observation: Observation,
    fact: Fact,
    mirrored: Mirrored,
) -> None:
    stripe_id = fact.customer if isinstance(fact, PaymentFact) else fact.stripe_id
    key = (observation.connection_id, stripe_id)
    known = versions.get(key)
    touch = Touch(type(fact), observation.rank, observation.source)
    mirrored.touch(observation.connection_id, customer_of(fact), touch)
    if known is None or observation.rank > known.rank:
        versions[key] = _Version(observation.rank, fact, observation.source)
    elif observation.rank == known.rank and fact != known.fact:
        _doubt_both(mirrored, key[0], observation.rank, fact, customer_of(known.fact))


def _doubt_both(
    mirrored: Mirrored, connection_id: UUID, rank: int, fact: Fact, other_customer: str | None
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
    versions: dict[tuple[UUID, str], _Version],
    mirrored: Mirrored,
) -> None:
    names = _field_names(fact_type)
    rows = [
        {"connection_id": str(key[0]), "rank": version.rank}
        | {name: getattr(version.fact, name) for name in names}
        for key, version in versions.items()
    ]
    with database.cursor() as cursor:
        cursor.execute(upsert_sql(fact_type, table.model), [json.dumps(rows)])
        for connection_id, stripe_id, rank_before, differs, owner, written in cursor.fetchall():
            version = versions[connection_id, stripe_id]
            touch = Touch(fact_type, version.rank, version.source)
            if owner and owner != customer_of(version.fact):
                mirrored.touch(connection_id, owner, touch)
            if _contradicts(version.rank, rank_before, differs=differs, written=written):
                _doubt_both(mirrored, connection_id, version.rank, version.fact, owner)
            if differs and written and fact_type in _NAMED:
                mirrored.renamed.add((connection_id, table.object_type, stripe_id))


_NAMED = (ProductFact, CouponFact)


def _contradicts(rank: int, rank_before: int | None, *, differs: bool, written: bool) -> bool:
    """The row says something else about the same second, or somebody wrote it while this statement ran."""
    if rank_before == rank:
        return differs
    return not written and (rank_before is None or rank_before < rank)


def _write_payments(payments: dict[tuple[UUID, str], _Version], mirrored: Mirrored) -> None:
    rows = [
        {"c": str(key[0]), "s": key[1], "rank": version.rank, "failed": _payment_failed(version.fact)}
        for key, version in payments.items()
    ]
    with database.cursor() as cursor:
        cursor.execute(PAYMENTS_SQL, [json.dumps(rows)])
        for connection_id, customer in cursor.fetchall():
            version = payments[connection_id, customer]
            _doubt_both(mirrored, connection_id, version.rank, version.fact, None)


def _payment_failed(fact: Fact) -> bool:
    return isinstance(fact, PaymentFact) and fact.payment_failed


@cache
def _field_names(fact_type: type[MirroredFact]) -> tuple[str, ...]:
    return tuple(fact_type.__dataclass_fields__)
