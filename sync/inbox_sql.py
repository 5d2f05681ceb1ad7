"""The inbox's statements."""

from connector.models import Connection
from sync.models import StripeEvent
from sync.records import records_sql

SERVED = (Connection.Status.ACTIVE, Connection.Status.ERROR)
"""Connections whose events are applied. One in error still hears from Stripe."""

_EVENTS = StripeEvent._meta.db_table

_WAITING = f"""
    SELECT id, connection_id::text, event_id, type, date_part('epoch', created)::bigint, payload, attempts
    FROM {_EVENTS}
    WHERE state = 'received' AND not_before <= clock_timestamp()
"""  # noqa: S608  table name

CLAIM = f"{_WAITING} ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED"
CLAIM_THESE = f"{_WAITING} AND id = ANY(%s) ORDER BY id FOR UPDATE SKIP LOCKED"

MARK = f"""
    WITH r AS MATERIALIZED (
        SELECT * FROM {records_sql("id bigint, state text, attempts integer, error text, customer text")} r
    ), marked AS (
        UPDATE {_EVENTS} t SET state = r.state, attempts = r.attempts, error = r.error,
            customer = coalesce(r.customer, t.customer),
            applied_at = coalesce(t.applied_at, CASE WHEN r.state <> 'received' THEN clock_timestamp() END),
            not_before = now() + make_interval(secs => least(5 * 2 ^ r.attempts, 600))
        FROM r WHERE t.id = r.id
    ), free AS (
        SELECT id FROM {Connection._meta.db_table}
        WHERE id = ANY(%s::uuid[]) AND (last_event_at IS NULL OR last_event_at < now() - interval '1 second')
        FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE {Connection._meta.db_table} t SET last_event_at = now() FROM free WHERE t.id = free.id
"""  # noqa: S608
"""Save what became of the events, and when each connection last heard of Stripe, unless another batch is just at it."""
