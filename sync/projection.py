"""From the mirror to the traits of the users that a change touched, many at once.

Locks are taken in one order: customers (by the mirror's writers), then users. A user's row is locked before the
mirror is read, so of two workers that touch the same user the second sees what the first wrote.
"""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import orjson
from django.db import connection as database
from django.db import transaction
from django.db.backends.utils import CursorWrapper

from connector.models import Connection
from sync import projection_sql as sql
from sync.customer_locks import APP_LOCK, lock_customers
from sync.facts import CustomerFact, Json, SubscriptionFact
from sync.known import KnownRows, load_known
from sync.observed import ConnectionId, CustomerKey, Written
from sync.provenance import Former, by_source, moved_to, sources_of
from sync.records import as_records
from sync.row_locks import lock_or_make
from sync.signals import announce
from sync.traits import CustomerState, project

WrittenOf: TypeAlias = Mapping[CustomerKey, Sequence[Written]]


class TraitChange(NamedTuple):
    """One trait of one user changed. Times are epoch seconds."""

    app_id: UUID
    livemode: bool
    user_id: str
    trait: str
    before: Any
    after: Any


class Link(NamedTuple):
    """A user, the connection that serves the user's App, and what links the user to customers there."""

    connection_id: ConnectionId
    app_id: UUID
    livemode: bool
    user_id: str
    stripe_id: str | None
    email: str | None


class TraitsRow(NamedTuple):
    """A user's row as it is: ``values`` in the order of ``TRAIT_NAMES``; ``version`` 0 where nobody wrote it yet.

    ``place``: https://www.postgresql.org/docs/current/ddl-system-columns.html#DDL-SYSTEM-COLUMNS-CTID
    """

    place: str
    version: int
    customer: str | None
    subscription: str | None
    sources: str
    values: tuple[Any, ...]


@dataclass(slots=True)
class LinkedCustomer:
    """``ranks`` of the rows by id; 0 for a customer that events named and nobody has seen."""

    connection_id: ConnectionId
    ranks: dict[str, int]
    state: CustomerState


@dataclass(slots=True)
class Projected:
    """What the projection changed and what it looked at, for those who look for missing pieces."""

    changes: list[TraitChange] = field(default_factory=list)
    customers: list[LinkedCustomer] = field(default_factory=list)
    known: KnownRows = field(default_factory=KnownRows)


def project_customers(*, connection: Connection, customers: Collection[str], source: Json) -> list[TraitChange]:
    """Project the users linked to these customers. At most 1,000 customers a call."""
    keys = [(str(connection.id), customer) for customer in customers]
    with transaction.atomic():
        emails = lock_customers(keys, app_ids=[connection.app_id])
        return project_touched(keys, emails, {}, source).changes


def wait_for_writers(*, app_id: UUID) -> None:
    """Until every batch of this App that is under way has ended: what it read and wrote is seen from now on."""
    with transaction.atomic(), database.cursor() as cursor:
        _take_app_lock(cursor, app_id)


def project_users(*, app_id: UUID, user_ids: Collection[str], source: Json) -> list[TraitChange]:
    """Project these users after their identities changed, in this transaction or before it.

    Waits for the batches of this App that may have read the former identities. At most 1,000 users a call.
    """
    with transaction.atomic(), database.cursor() as cursor:
        _take_app_lock(cursor, app_id)
        cursor.execute(sql.NAMED_USERS, [list(user_ids), app_id])
        links = [Link(*row) for row in cursor.fetchall()]
        return _project(links, {}, source).changes


def _take_app_lock(cursor: CursorWrapper, app_id: UUID) -> None:
    cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [APP_LOCK, str(app_id)])


def project_touched(
    touched: Iterable[CustomerKey],
    former_emails: Mapping[CustomerKey, str | None],
    written: WrittenOf,
    source: Json | None = None,
) -> Projected:
    """Project the users linked to the touched customers, now or by the email they had before.

    ``source`` is why, where nothing was written. Call it in the transaction that wrote the mirror.
    """
    keys = [
        {
            "c": key[0],
            "s": key[1],
            "e": former_emails.get(key),
            "w": _may_have_another(key, former_emails, written),
        }
        for key in touched
    ]
    with database.cursor() as cursor:
        cursor.execute(sql.FIND_USERS, [as_records(keys)])
        links = [Link(*row) for row in cursor.fetchall()]
    return _project(links, written, source or {})


def _may_have_another(
    key: CustomerKey, former_emails: Mapping[CustomerKey, str | None], written: WrittenOf
) -> bool:
    """Whether the customer's email may be another than the former one."""
    return key not in former_emails or any(isinstance(one.fact, CustomerFact) for one in written.get(key, ()))


def _project(links: list[Link], written: WrittenOf, source: Json) -> Projected:
    if not links:
        return Projected()
    current = _lock_rows(links)
    customers = _load_customers(links)
    everyone = [customer for linked in customers for customer in linked]
    known = load_known((one.connection_id, one.state) for one in everyone)
    projected = Projected(customers=everyone, known=known)
    saves = []
    for link, linked in zip(links, customers, strict=True):
        row = current[link.app_id, link.livemode, link.user_id]
        if save := _compare(link, linked, known, row, written, source, projected.changes):
            saves.append(save)
    if saves:
        with database.cursor() as cursor:
            cursor.execute(sql.SAVE, [as_records(saves)])
    if projected.changes:
        announce(projected.changes)
    return projected


def _lock_rows(links: list[Link]) -> dict[tuple[UUID, bool, str], TraitsRow]:
    users = list({(link.app_id, link.livemode, link.user_id) for link in links})
    named = as_records([{"n": n, "a": one[0], "l": one[1], "u": one[2]} for n, one in enumerate(users)])
    rows = lock_or_make(sql.LOCK_ROWS, sql.MAKE_ROWS, [named], len(users))
    return {
        users[n]: TraitsRow(place, version, customer, subscription, sources, tuple(values))
        for n, place, version, customer, subscription, sources, *values in rows
    }


def _load_customers(links: list[Link]) -> list[list[LinkedCustomer]]:
    """The customers of each link, in the order of the links."""
    rows = [
        {"n": n, "c": link.connection_id, "s": link.stripe_id, "e": link.email}
        for n, link in enumerate(links)
        if link.stripe_id or link.email
    ]
    loaded: list[list[LinkedCustomer]] = [[] for _ in links]
    with database.cursor() as cursor:
        cursor.execute(sql.LOAD_CUSTOMERS, [as_records(rows)])
        for n, rank, payment_failed, *customer, subscriptions in cursor.fetchall():
            fact = CustomerFact(*customer)
            ranks, held = {fact.stripe_id: rank}, []
            for rank_of_one, *one in orjson.loads(subscriptions or "[]"):
                held.append(SubscriptionFact(*one))
                ranks[held[-1].stripe_id] = rank_of_one
            state = CustomerState(customer=fact, subscriptions=held, payment_failed=payment_failed)
            loaded[n].append(LinkedCustomer(links[n].connection_id, ranks, state))
    return loaded


def _compare(
    link: Link,
    linked: Sequence[LinkedCustomer],
    known: KnownRows,
    row: TraitsRow,
    written: WrittenOf,
    source: Json,
    changes: list[TraitChange],
) -> Json | None:
    """What to save for this user, or None where nothing changed. Adds to ``changes``."""
    projection = project((one.state for one in linked), known.of(link.connection_id))
    values = _values_of(projection.traits)
    changed = {
        name: [before, after]
        for name, before, after in zip(sql.TRAIT_NAMES, row.values, values, strict=True)
        if before != after
    }
    described_before = (row.customer, row.subscription)
    if not changed and row.version and described_before == (projection.customer, projection.subscription):
        return None
    changes += (
        TraitChange(link.app_id, link.livemode, link.user_id, name, before, after)
        for name, (before, after) in changed.items()
    )
    keys = {(link.connection_id, one.state.customer.stripe_id) for one in linked}
    taken = [one for key in keys for one in written.get(key, ())]
    sources = sources_of(changed, taken, projection, Former(*described_before), source)
    return {
        "place": row.place,
        "a": link.app_id,
        "l": link.livemode,
        "u": link.user_id,
        "customer": projection.customer,
        "subscription": projection.subscription,
        "sources": moved_to(sources, row.sources, now=int(time.time())),
        "history": _history(changed, sources),
        **{name: value for name, value in zip(sql.TRAIT_NAMES, values, strict=True) if value is not None},
    }


_values_of = attrgetter(*sql.TRAIT_NAMES)


def _history(changed: Mapping[str, list[Any]], sources: Mapping[str, Json]) -> list[Json]:
    """What changed, by source."""
    return [
        {"source": source, "changes": {name: changed[name] for name in traits}}
        for source, traits in by_source(sources)
    ]
