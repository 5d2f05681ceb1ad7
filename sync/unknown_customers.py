"""Links whose customer no mirror knows: each is read from Stripe, or everything is where that takes fewer requests.

Call it in the transaction that writes the links: they and what is asked about them appear together.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from connector import statements
from connector.models import Connection
from connector.selectors import app_connections
from sync import reconciliation
from sync.models import Customer, RefreshRequest, Subscription
from sync.refresh_queue import ANY_ANSWER, EMAIL, SETTLE_SECONDS

FEW = 1000
"""So many links are looked up one by one however small the account is."""

_REQUESTS_EACH = 2  # the customer and its subscriptions
_PAGE = 100

_UNKNOWN = f"""
    SELECT l.stripe_id IS NULL AS by_email, coalesce(l.stripe_id, l.email_address) AS name
    FROM ({{links}}) l
    WHERE CASE WHEN l.stripe_id IS NOT NULL THEN NOT EXISTS (
        SELECT FROM {Customer._meta.db_table} m
        WHERE m.connection_id = %(connection)s AND m.stripe_id = l.stripe_id AND m.rank > 0)
    ELSE l.email_address IS NOT NULL AND NOT EXISTS (
        SELECT FROM {Customer._meta.db_table} m
        WHERE m.connection_id = %(connection)s AND lower(m.email) = lower(l.email_address) AND m.rank > 0)
    END
"""  # noqa: S608  names of tables
_COUNT = f"SELECT count(*) FROM ({_UNKNOWN} LIMIT %(limit)s) u"  # noqa: S608
_ASK = f"""
    INSERT INTO {RefreshRequest._meta.db_table}
        (connection_id, object_type, stripe_id, min_rank, reason, not_before, attempts, error, created_at)
    SELECT DISTINCT %(connection)s::uuid, CASE WHEN u.by_email THEN '{EMAIL}' ELSE 'customer' END, u.name,
        {ANY_ANSWER}, 'linked', now() + make_interval(secs => {SETTLE_SECONDS}), 0, '', now()
    FROM ({_UNKNOWN}) u ORDER BY 2, 3
    ON CONFLICT (connection_id, object_type, stripe_id) DO NOTHING
"""  # noqa: S608
_CHANGED = "SELECT stripe_id, email_address FROM identity_change"
_ONE = "SELECT %(stripe_id)s::text AS stripe_id, %(email_address)s::text AS email_address"


def ask_for_changed_links(*, app_id: UUID, read_anyway: UUID | None) -> list[dict[str, Any]]:
    """Ask for the customers of the links in ``identity_change``.

    Everything of the connection ``read_anyway`` is about to be read.
    Returns ``{"livemode", "unknown", "reconciles"}`` of each connection with unknown customers; with ``reconciles``
    a whole run reads them all and ``unknown`` is the least number of them.
    """
    asked = [(one, _ask(one, _CHANGED, {}, read_anyway)) for one in app_connections(app_id=app_id)]
    return [
        {"livemode": one.livemode, "unknown": unknown, "reconciles": reconciles}
        for one, (unknown, reconciles) in asked
        if unknown
    ]


def ask_for_link(*, app_id: UUID, stripe_id: str | None, email_address: str | None) -> None:
    """Ask for the customers of one link."""
    for one in app_connections(app_id=app_id):
        _ask(one, _ONE, {"stripe_id": stripe_id, "email_address": email_address})


def _ask(
    connection: Connection, links: str, values: Mapping[str, Any], read_anyway: UUID | None = None
) -> tuple[int, bool]:
    values = {**values, "connection": connection.pk}
    limit = FEW
    unknown = _count(links, values, limit)
    if unknown > limit:
        limit = max(FEW, _requests_of_a_run(connection) // _REQUESTS_EACH)
        unknown = _count(links, values, limit)
    if unknown > limit:
        if connection.status == Connection.Status.ACTIVE and connection.pk != read_anyway:
            reconciliation.start(connection=connection, started_by="identity file")
        return unknown, True
    if unknown:
        statements.execute(_ASK.format(links=links), values)
    return unknown, False


def _count(links: str, values: Mapping[str, Any], limit: int) -> int:
    [(count,)] = statements.rows(_COUNT.format(links=links), {**values, "limit": limit + 1})
    return int(count)


def _requests_of_a_run(connection: Connection) -> int:
    """What a reconciliation takes, going by what the mirror has."""
    models: tuple[type[Customer | Subscription], ...] = (Customer, Subscription)
    return sum(-(-model.objects.filter(connection=connection).count() // _PAGE) for model in models)
