"""From the mirror to the traits of the users that a change touched, many at once.

Locks are taken in one order: customers (by the mirror's writers), then users (``sync.linked``).
"""

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction

from connector import statements
from connector.models import Connection
from sync import linked_sql
from sync import projection_sql as sql
from sync.customer_locks import APP_LOCK, lock_customers
from sync.facts import CustomerFact, Json
from sync.known import KnownRows
from sync.linked import (
    LinkedCustomer,
    LinkedUser,
    fresh_among,
    fresh_as_record,
    load_customers,
    lock_users,
)
from sync.observed import CustomerKey, WrittenOf
from sync.provenance import Former, moved_to, sources_of
from sync.records import as_records
from sync.signals import announce
from sync.traits import project


class TraitChange(NamedTuple):
    """One trait of one user changed. Times are epoch seconds."""

    app_id: UUID
    livemode: bool
    user_id: str
    trait: str
    before: Any
    after: Any


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
    with transaction.atomic():
        _take_app_lock(app_id)


def project_users(*, app_id: UUID, user_ids: Collection[str], source: Json) -> list[TraitChange]:
    """Project these users after their identities changed, in this transaction or before it.

    Waits for the batches of this App that may have read the former identities. At most 1,000 users a call.
    """
    with transaction.atomic():
        _take_app_lock(app_id)
        known = KnownRows()
        users = lock_users(linked_sql.LOCK_NAMED, linked_sql.MAKE_NAMED, [list(user_ids), app_id], {}, known)
        load_customers([user for user in users if not user.stripe_id], {}, known)
        return _project(users, known, {}, source).changes


def _take_app_lock(app_id: UUID) -> None:
    statements.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [APP_LOCK, str(app_id)])


def project_touched(
    touched: Iterable[CustomerKey],
    former_emails: Mapping[CustomerKey, str | None],
    written: WrittenOf,
    source: Json | None = None,
) -> Projected:
    """Project the users linked to the touched customers, now or by the email they had before.

    ``source`` is why, where nothing was written. Call it in the transaction that wrote the mirror.
    """
    fresh = fresh_among(written)
    keys = [
        {
            "c": key[0],
            "s": key[1],
            "e": former_emails.get(key),
            "w": _may_have_another(key, former_emails, written),
            **fresh_as_record(fresh, key),
        }
        for key in touched
    ]
    known = KnownRows()
    users = lock_users(linked_sql.LOCK_TOUCHED, linked_sql.MAKE_TOUCHED, [as_records(keys)], fresh, known)
    # ``former_emails`` are of the customers whose locks are held.
    unread = [user for user in users if (user.connection_id, user.stripe_id) not in former_emails]
    load_customers(unread, fresh, known)
    return _project(users, known, written, source or {})


def _may_have_another(
    key: CustomerKey, former_emails: Mapping[CustomerKey, str | None], written: WrittenOf
) -> bool:
    """Whether the customer's email may be another than the former one."""
    return key not in former_emails or any(isinstance(one.fact, CustomerFact) for one in written.get(key, ()))


def _project(users: list[LinkedUser], known: KnownRows, written: WrittenOf, source: Json) -> Projected:
    everyone = [customer for user in users for customer in user.customers.values()]
    projected = Projected(customers=everyone, known=known)
    saves, history = [], []
    for user in users:
        if difference := _compare(user, known, written, source):
            projected.changes += difference.changes
            saves.append(difference.save)
            history += difference.history
    if saves:
        statements.execute(sql.SAVE, [as_records(saves), as_records(history)])
    if projected.changes:
        announce(projected.changes)
    return projected


class _Difference(NamedTuple):
    """What to tell of a user's change, and the rows to write: the traits, and what each source changed."""

    changes: list[TraitChange]
    save: Json
    history: list[Json]


def _compare(user: LinkedUser, known: KnownRows, written: WrittenOf, source: Json) -> _Difference | None:
    projection = project([one.state for one in user.customers.values()], known.of(user.connection_id))
    values = _values_of(projection.traits)
    changed = {
        name: [before, after]
        for name, before, after in zip(sql.TRAIT_NAMES, user.traits, values, strict=True)
        if before != after
    }
    described_before = (user.customer, user.subscription)
    if not changed and user.version and described_before == (projection.customer, projection.subscription):
        return None
    taken = [one for customer in user.customers for one in written.get((user.connection_id, customer), ())]
    sources = sources_of(changed, taken, projection, Former(*described_before), source)
    named = {"a": user.app_id, "l": user.livemode, "u": user.user_id}
    save = {
        **named,
        "place": user.place,
        "customer": projection.customer,
        "subscription": projection.subscription,
        "sources": moved_to(sources, user.sources, changed=changed, now=int(time.time())),
        **{name: value for name, value in zip(sql.TRAIT_NAMES, values, strict=True) if value is not None},
    }
    return _Difference(
        [
            TraitChange(user.app_id, user.livemode, user.user_id, name, before, after)
            for name, (before, after) in changed.items()
        ],
        save,
        [
            {**named, "source": source, "changes": {name: changed[name] for name in traits}}
            for source, traits in sources
        ],
    )


_values_of = attrgetter(*sql.TRAIT_NAMES)
