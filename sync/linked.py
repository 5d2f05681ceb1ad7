"""Users with the customers they are linked to, locked and loaded many at once.

A user's row is locked before the mirror is read, so of two workers that touch the same user the second sees what the
first wrote.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import connection as database

from sync import linked_sql as sql
from sync.facts import CustomerFact, SubscriptionFact
from sync.observed import ConnectionId
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

_OF_CUSTOMER = len(fields(CustomerFact))


def lock_users(lock: str, make: str, values: list[Any]) -> list[LinkedUser]:
    """Lock the traits' rows of the users until the transaction ends. Nearly always all are there."""
    with database.cursor() as cursor:
        cursor.execute(lock, values)
        rows = cursor.fetchall()
        wanted, locked = rows[0][:2]
        if wanted and locked is None:
            cursor.execute(make, values)
            cursor.execute(lock, values)
            rows = cursor.fetchall()
    return [LinkedUser._make((*row[1:_TRAITS], row[_TRAITS:])) for row in rows] if wanted else []


def load_customers(users: Sequence[LinkedUser]) -> list[list[LinkedCustomer]]:
    """The customers of each user, in the order of the users."""
    rows = [
        {"n": n, "c": user.connection_id, "s": user.stripe_id, "e": user.email}
        for n, user in enumerate(users)
        if user.stripe_id or user.email
    ]
    loaded: list[dict[str, LinkedCustomer]] = [{} for _ in users]
    with database.cursor() as cursor:
        cursor.execute(sql.LOAD_CUSTOMERS, [as_records(rows)])
        for n, rank, payment_failed, *columns in cursor.fetchall():
            linked = loaded[n].get(columns[0])
            if linked is None:
                customer = CustomerFact(*columns[:_OF_CUSTOMER])
                state = CustomerState(customer=customer, payment_failed=payment_failed)
                linked = LinkedCustomer(users[n].connection_id, {columns[0]: rank}, state)
                loaded[n][columns[0]] = linked
            _add_subscription(linked, *columns[_OF_CUSTOMER:])
    return [list(customers.values()) for customers in loaded]


def _add_subscription(linked: LinkedCustomer, rank: int | None, *columns: Any) -> None:
    if rank is not None:
        fact = SubscriptionFact(*columns[:-2], *map(orjson.loads, columns[-2:]))  # items and discounts are JSON
        linked.state.subscriptions.append(fact)
        linked.ranks[fact.stripe_id] = rank
