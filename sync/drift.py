"""What the mirror said and Stripe did not: found while a page is applied, explained when the run ends."""

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Min, Q

from connector import statements
from connector.models import Connection
from sync.models import Customer, Drift, StripeEvent, Subscription, SyncRun, UserTraits
from sync.projection import TraitChange

MODELS: dict[str, type[Customer | Subscription]] = {"customers": Customer, "subscriptions": Subscription}
_NOT_COMPARED = {"id", "connection", "stripe_id", "rank", "payment_failed", "payment_rank"}

_ROWS = """
SELECT m.stripe_id, m.rank, {customer}, row_to_json(compared)::text
FROM {table} m, LATERAL (SELECT {columns}) compared
WHERE m.connection_id = %s AND m.stripe_id = ANY(%s) AND m.rank > 0
"""


class Row(NamedTuple):
    """``columns`` is JSON, to be read where it differs: hardly a row does, and there are a hundred thousand."""

    rank: int
    customer: str
    columns: str


Rows = dict[str, Row]


def read_rows(connection: Connection, resource: str, stripe_ids: Iterable[str]) -> Rows:
    """The mirror's rows by Stripe id; placeholders of customers that were never read left out."""
    meta = MODELS[resource]._meta
    compared = [f'm."{field.name}"' for field in meta.concrete_fields if field.name not in _NOT_COMPARED]
    statement = _ROWS.format(
        table=meta.db_table,
        customer="m.stripe_id" if resource == "customers" else "m.customer",
        columns=", ".join(compared),
    )
    found = statements.rows(statement, [connection.pk, list(stripe_ids)])
    return {stripe_id: Row(*rest) for stripe_id, *rest in found}


def note_drift(
    run: SyncRun,
    resource: str,
    before: Rows,
    after: Rows,
    changes: Iterable[TraitChange],
    *,
    first_load: bool,
) -> None:
    """Keep what these objects changed in the mirror, and in which traits.

    On the first load of a connection objects that are new to the mirror are no drift.
    """
    drifts = [
        drift
        for stripe_id, row in after.items()
        if (drift := _compare(run, resource, stripe_id, before.get(stripe_id), row, first_load=first_load))
    ]
    if drifts:
        traits = _traits_by_customer(changes)
        for drift in drifts:
            drift.traits = traits.get(drift.customer, [])
        Drift.objects.bulk_create(drifts, ignore_conflicts=True)


def _traits_by_customer(changes: Iterable[TraitChange]) -> dict[str, list[dict[str, Any]]]:
    of_user: dict[tuple[UUID, bool, str], list[dict[str, Any]]] = defaultdict(list)
    for change in changes:
        told = {name: getattr(change, name) for name in ("user_id", "trait", "before", "after")}
        of_user[change.app_id, change.livemode, change.user_id].append(_plain(told))
    of_customer: dict[str, list[dict[str, Any]]] = defaultdict(list)
    user_ids = {user_id for _, _, user_id in of_user}
    users = UserTraits.objects.filter(user_id__in=user_ids, customer__isnull=False)
    for app_id, livemode, user_id, customer in users.values_list("app_id", "livemode", "user_id", "customer"):
        of_customer[str(customer)] += of_user.get((app_id, livemode, user_id), [])
    return of_customer


def _compare(
    run: SyncRun, resource: str, stripe_id: str, before: Row | None, after: Row, *, first_load: bool
) -> Drift | None:
    if before is None and first_load:
        return None
    if before and (before.columns == after.columns or before.rank == after.rank):
        return None
    known, found = _columns(resource, before), _columns(resource, after)
    differing = [name for name in found if known.get(name) != found[name]]
    return Drift(
        run=run,
        resource=resource,
        stripe_id=stripe_id,
        customer=after.customer,
        before=_plain({name: known[name] for name in differing if name in known}),
        after=_plain({name: found[name] for name in differing}),
        since=_moment(before.rank) if before else None,
        cause=Drift.Cause.EVENT_MISSING,
    )


def _columns(resource: str, row: Row | None) -> dict[str, Any]:
    columns = json.loads(row.columns) if row else {}
    fields = {field.name: field for field in MODELS[resource]._meta.concrete_fields}
    return {name: fields[name].to_python(value) for name, value in columns.items()}


def _plain(columns: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(columns, cls=DjangoJSONEncoder))
    return plain


def _moment(rank: int) -> datetime:
    return datetime.fromtimestamp(rank // 2, UTC)


def note_unhealed(run: SyncRun, customers: Iterable[str]) -> None:
    """Name the customers of whom the run could not find out what is true; the refresh queue goes on asking."""
    Drift.objects.bulk_create(
        (
            Drift(
                run=run,
                resource="customers",
                stripe_id=one,
                customer=one,
                healed=False,
                cause=Drift.Cause.UNSETTLED,
            )
            for one in customers
        ),
        update_conflicts=True,
        unique_fields=["run", "resource", "stripe_id"],
        update_fields=["healed", "cause"],
    )


# An event about the object from after the mirror was last right: it failed, it waits, or it was late. Failures first.
_EXPLAIN_BY_EVENTS = """
UPDATE stripe_sync_drift d SET event_id = found.event_id, cause = found.cause
FROM (
    SELECT DISTINCT ON (d.id) d.id, e.event_id,
           CASE WHEN e.state = 'failed' THEN 'event_failed'
                WHEN e.state = 'received' AND e.received_at < d.found_at THEN 'event_waiting'
                ELSE 'event_late' END AS cause
    FROM stripe_sync_drift d
    JOIN stripe_sync_stripeevent e ON e.payload::json -> 'data' -> 'object' ->> 'id' = d.stripe_id
    WHERE d.run_id = %(run)s AND d.healed AND e.connection_id = %(connection)s
      AND e.created >= %(earliest)s AND e.created >= COALESCE(d.since, %(earliest)s)
      AND (e.state IN ('failed', 'received') OR e.received_at >= d.found_at)
    ORDER BY d.id, e.state = 'failed' DESC, e.created DESC
) found
WHERE d.id = found.id
"""
_OWN_EVENTS = {
    "customers": Q(type__in=["customer.created", "customer.updated", "customer.deleted"]),
    "subscriptions": Q(type__startswith="customer.subscription."),
}


def explain(run: SyncRun, connection: Connection) -> None:
    """Say why each object had drifted: its event failed, waits or came late, is missing, or none of its kind comes."""
    if not run.drifts.exists():
        return
    told: dict[str, Any] = {"run": run.pk, "connection": connection.pk, "earliest": _earliest(run, connection)}
    statements.execute(_EXPLAIN_BY_EVENTS, told)
    for resource, own in _OWN_EVENTS.items():
        if not StripeEvent.objects.filter(own, connection=connection).exists():
            unexplained = run.drifts.filter(resource=resource, cause=Drift.Cause.EVENT_MISSING)
            unexplained.update(cause=Drift.Cause.NEVER_SUBSCRIBED)


def _earliest(run: SyncRun, connection: Connection) -> datetime:
    """No event from before this explains anything: the mirror was right, or all was read, after it."""
    since = run.drifts.aggregate(first=Min("since"))["first"]
    known = [moment for moment in (since, connection.last_reconciliation_at) if moment]
    return min(known, default=datetime.fromtimestamp(0, UTC))
