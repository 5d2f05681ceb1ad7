"""Users with the customers they are linked to, locked and loaded many at once.

A user's row is locked before the mirror is read, so of two workers that touch the same user the second sees what the
first wrote. What the locking statement itself reads may be older than the lock, by what others committed while it
waited; of a customer whose lock is held already that is nothing, so such a one comes with its user.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import orjson

from connector import statements
from sync import linked_sql as sql
from sync.facts import CustomerFact, Json, SubscriptionFact
from sync.known import KnownRows, note_known
from sync.observed import ConnectionId, CustomerKey, WrittenOf
from sync.projection_sql import TRAIT_NAMES
from sync.records import as_records
from sync.traits import CustomerState


class LinkedUser(NamedTuple):
    """A user, the connection that serves the user's App, what links the user to customers there, and the traits' row.

    ``customers`` by id: the linked one where it was loaded with the lock, all of them after ``load_customers``.
    ``traits`` in the order of ``TRAIT_NAMES``; ``version`` 0 where nobody wrote the row yet.
    ``place``: https://www.postgresql.org/docs/current/ddl-system-columns.html#DDL-SYSTEM-COLUMNS-CTID
    """

    connection_id: ConnectionId
    app_id: UUID
    livemode: bool
    user_id: str
    stripe_id: str | None
    email: str | None
    place: str
    version: int
    customer: str | None
    subscription: str | None
    sources: str
    traits: tuple[Any, ...]
    customers: "dict[str, LinkedCustomer]"


@dataclass(slots=True)
class LinkedCustomer:
    """``ranks`` of the rows by id; 0 for a customer that events named and nobody has seen."""

    connection_id: ConnectionId
    ranks: dict[str, int]
    state: CustomerState


FreshOf: TypeAlias = Mapping[CustomerKey, tuple[SubscriptionFact, int]]
"""Of a customer, a subscription that the mirror now has as the fact says, and its rank."""

_PLAIN = LinkedUser._fields.index("traits")
_ROW = _PLAIN + len(TRAIT_NAMES)


def fresh_among(written: WrittenOf) -> FreshOf:
    """One of each customer's that were just written. Of a tombstone the mirror has what it had."""
    return {
        key: (one.fact, one.rank)
        for key, taken in written.items()
        for one in taken
        if isinstance(one.fact, SubscriptionFact) and not one.fact.deleted
    }


def lock_users(lock: str, make: str, values: list[Any], fresh: FreshOf, known: KnownRows) -> list[LinkedUser]:
    """Lock the traits' rows of the users until the transaction ends. Nearly always all are there.

    ``known`` takes in what hangs on the customers that come with them.
    """
    rows = statements.rows(lock, values)
    while _lacks_some(rows):  # a link that was made meanwhile may lack its row again
        statements.execute(make, values)
        rows = statements.rows(lock, values)
    users: dict[tuple[ConnectionId, str], LinkedUser] = {}
    for _, *row in rows if rows[0][0] else ():
        key = row[0], row[3]
        if key not in users:
            users[key] = LinkedUser._make((*row[:_PLAIN], tuple(row[_PLAIN:_ROW]), {}))
        if row[_ROW] is not None:
            _add_customer(users[key], row[_ROW:], fresh, known)
    return list(users.values())


def _lacks_some(rows: list[tuple[Any, ...]]) -> bool:
    wanted, connection_id = rows[0][:2]
    return wanted > 0 and connection_id is None


def load_customers(users: Sequence[LinkedUser], fresh: FreshOf, known: KnownRows) -> None:
    """The customers of these users, as they are now, and what hangs on them."""
    if not users:
        return
    for user in users:
        user.customers.clear()
    for n, *loaded in statements.rows(sql.LOAD_CUSTOMERS, [as_records(_links(users, fresh))]):
        _add_customer(users[n], loaded, fresh, known)


def _add_customer(user: LinkedUser, loaded: Sequence[Any], fresh: FreshOf, known: KnownRows) -> None:
    rank, payment_failed, *customer, stripe_id, rank_of_one, told, hanging = loaded
    linked = user.customers.get(customer[0])
    if linked is None:
        state = CustomerState(customer=CustomerFact(*customer), payment_failed=payment_failed)
        linked = LinkedCustomer(user.connection_id, {customer[0]: rank}, state)
        user.customers[customer[0]] = linked
    note_known(known, user.connection_id, hanging)
    if stripe_id is not None:
        fact = SubscriptionFact(*orjson.loads(told)) if told else fresh[user.connection_id, customer[0]][0]
        linked.state.subscriptions.append(fact)
        linked.ranks[stripe_id] = rank_of_one


def _links(users: Sequence[LinkedUser], fresh: FreshOf) -> list[Json]:
    return [
        {"n": n, "c": user.connection_id, "s": user.stripe_id, "e": user.email}
        | fresh_as_record(fresh, (user.connection_id, user.stripe_id or ""))
        for n, user in enumerate(users)
        if user.stripe_id or user.email
    ]


def fresh_as_record(fresh: FreshOf, key: CustomerKey) -> Json:
    """The columns by which a statement knows the fresh subscription, and does not tell it again."""
    fact, rank = fresh.get(key, (None, None))
    return {"fresh": fact.stripe_id, "rank": rank} if fact else {}
