"""Take in what Stripe said: lock, mirror, project, and queue what is doubtful. One transaction, one road for all.

Events, refreshes, reconciliation, catalogue runs and what actions got back come through here.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction

from connector.models import Connection
from connector.permissions import allows
from sync.customer_locks import lock_customers
from sync.doubts import missing_pieces
from sync.facts import CustomerFact, Json, PaymentFact, Reading, customer_of
from sync.mirror import write
from sync.observed import ConnectionId, CustomerKey, Mirrored, Observation, is_fetched
from sync.projection import Projected, TraitChange, project_touched
from sync.refresh_queue import ask
from sync.stripe_objects import read_object


def apply_objects(
    *, connection: Connection, objects: Iterable[Mapping[str, Any]], rank: int, source: Json
) -> list[TraitChange]:
    """Take in objects that were fetched together; ``rank`` as the gateway gives it. At most 1,000 objects a call.

    Objects of types that are not mirrored are skipped. ``source`` is ``{"run": …}`` or ``{"request": …}``.
    """
    reading = Reading()
    for one in objects:
        reading.add(read_object(dict(one)))
    reading.facts += [
        PaymentFact(fact.stripe_id, payment_failed=False)
        for fact in reading.facts
        if isinstance(fact, CustomerFact)  # a fetched ``delinquent`` knows of every payment up to now
    ]
    observation = Observation(str(connection.id), rank, source, reading.facts, reading.doubts)
    return apply_observations([observation], connections={observation.connection_id: connection})


def apply_observations(
    observations: Sequence[Observation], *, connections: Mapping[ConnectionId, Connection]
) -> list[TraitChange]:
    """Take in facts of any number of connections. Returns the traits that changed."""
    mirrored = Mirrored()
    with transaction.atomic(savepoint=False):
        app_ids = {connection.app_id for connection in connections.values()}
        emails = lock_customers(_customers(observations), app_ids=app_ids)
        write(observations, mirrored)
        projected = project_touched(mirrored.touched, emails, mirrored.written)
        _look_for_missing(projected, mirrored, connections)
        ask(mirrored.doubts, mirrored.renamed)
    return projected.changes


def _customers(observations: Iterable[Observation]) -> Collection[CustomerKey]:
    return {
        (observation.connection_id, customer)
        for observation in observations
        for fact in observation.facts
        if (customer := customer_of(fact))
    }


def _look_for_missing(
    projected: Projected, mirrored: Mirrored, connections: Mapping[ConnectionId, Connection]
) -> None:
    """Doubt what touched customers lack. A fetch has told all it could: after one, only names can be missing."""
    readable = {key: _readable_methods(one) for key, one in connections.items()}
    for linked in projected.customers:
        key = linked.connection_id
        rank = mirrored.touched.get((key, linked.state.customer.stripe_id))
        if rank is None:
            continue
        known = projected.known.of(key)
        for doubt in missing_pieces(linked.state, linked.ranks, known, readable=readable[key]):
            if doubt.object_type != "customer":
                mirrored.doubt(key, doubt, 0)  # any answer names a product or coupon
            elif not is_fetched(rank):
                mirrored.doubt(key, doubt, rank)


def _readable_methods(connection: Connection) -> tuple[str, ...]:
    """Payment methods, and the cards and sources of the older API, have permissions of their own."""
    methods = ("pm_",) if allows(connection, "rak_payment_method_read") else ()
    return (*methods, "card_", "src_") if allows(connection, "rak_source_read") else methods
