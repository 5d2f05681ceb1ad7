"""Users with the customers they are linked to, locked and loaded many at once.

A user's row is locked before the mirror is read, so of two workers that touch the same user the second sees what the
first wrote.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from connector import statements
from sync import linked_sql as sql
from sync.facts import CustomerFact, Json, SubscriptionFact
from sync.observed import ConnectionId, Written, WrittenOf
from sync.records import as_records
from sync.traits import CustomerState


class LinkedUser(NamedTuple):
    """A user, the connection that serves the user's App, what links the user to customers there, and the traits' row.

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


@dataclass(slots=True)
class LinkedCustomer:
    """``ranks`` of the rows by id; 0 for a customer that events named and nobody has seen."""

    connection_id: ConnectionId
    ranks: dict[str, int]
    state: CustomerState


_TRAITS = len(LinkedUser._fields)
"""Where a row's traits begin: how many links there are stands before the rest."""


def lock_users(lock: str, make: str, values: list[Any]) -> list[LinkedUser]:
    """Lock the traits' rows of the users until the transaction ends. Nearly always all are there."""
    rows = statements.rows(lock, values)
    while _lacks_some(rows):  # a link that was made meanwhile may lack its row again
        statements.execute(make, values)
        rows = statements.rows(lock, values)
    return [LinkedUser._make((*row[1:_TRAITS], row[_TRAITS:])) for row in rows if row[0]]


def _lacks_some(rows: list[tuple[Any, ...]]) -> bool:
    wanted, connection_id = rows[0][:2]
    return wanted > 0 and connection_id is None


def load_customers(users: Sequence[LinkedUser], written: WrittenOf) -> list[list[LinkedCustomer]]:
    """The customers of each user, in the order of the users. ``written`` is what the mirror just took of them."""
    fresh = [_subscription_among(written.get((user.connection_id, user.stripe_id or ""), ())) for user in users]
    loaded: list[dict[str, LinkedCustomer]] = [{} for _ in users]
    found = statements.rows(sql.LOAD_CUSTOMERS, [as_records(_links(users, fresh))])
    for n, rank, payment_failed, *customer, stripe_id, rank_of_one, told in found:
        linked = loaded[n].get(customer[0])
        if linked is None:
            state = CustomerState(customer=CustomerFact(*customer), payment_failed=payment_failed)
            linked = LinkedCustomer(users[n].connection_id, {customer[0]: rank}, state)
            loaded[n][customer[0]] = linked
        if stripe_id is not None:
            fact = SubscriptionFact(*orjson.loads(told)) if told else fresh[n][0]
            linked.state.subscriptions.append(fact)
            linked.ranks[stripe_id] = rank_of_one
    return [list(customers.values()) for customers in loaded]


def _subscription_among(written: Sequence[Written]) -> tuple[SubscriptionFact, int] | tuple[None, None]:
    """A subscription that the mirror now has as the fact says, and its rank. Of a tombstone it has what it had."""
    for fact, rank, _ in written:
        if isinstance(fact, SubscriptionFact) and not fact.deleted:
            return fact, rank
    return None, None


def _links(users: Sequence[LinkedUser], fresh: Sequence[tuple[SubscriptionFact | None, int | None]]) -> list[Json]:
    return [
        {
            "n": n,
            "c": user.connection_id,
            "s": user.stripe_id,
            "e": user.email,
            "fresh": fact.stripe_id if fact else None,
            "rank": rank,
        }
        for n, (user, (fact, rank)) in enumerate(zip(users, fresh, strict=True))
        if user.stripe_id or user.email
    ]
