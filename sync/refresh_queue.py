"""The durable queue of what has to be read from Stripe: one row per object, however many reasons there are."""

from collections.abc import Mapping
from uuid import UUID

from connector import statements
from sync.facts import Doubt
from sync.models import Discount, RefreshRequest, Subscription
from sync.observed import ConnectionId
from sync.records import as_records, records_sql

SETTLE_SECONDS = 3
"""A fetch knows about a second only after it is over; see ``rank`` in ``sync.models.mirrors``."""

RENAMED_RANK = 0
"""Of a request that asks for no fetch, only for the projection of everybody who uses the name."""

ANY_ANSWER = 1
"""Of a request about something that nothing is known of: whatever Stripe says settles it."""

EMAIL = "email"
"""The ``object_type`` of a request to find the customers with an email address, which stands for the id."""

_ASK_SQL = f"""
    WITH asked AS (
        SELECT * FROM {records_sql("c uuid, t text, s text, rank bigint, reason text, used boolean")} r
    )
    INSERT INTO {RefreshRequest._meta.db_table} AS t
        (connection_id, object_type, stripe_id, min_rank, reason, not_before, attempts, error, created_at)
    SELECT a.c, a.t, a.s, max(a.rank), min(a.reason), now() + make_interval(secs => %s), 0, '',
        clock_timestamp()
    FROM asked a
    WHERE NOT a.used
        OR (a.t = 'product' AND EXISTS (
            SELECT FROM {Subscription._meta.db_table} s, jsonb_array_elements(s.items) i
            WHERE s.connection_id = a.c AND i->>'product' = a.s))
        OR (a.t = 'coupon' AND EXISTS (
            SELECT FROM {Discount._meta.db_table} d WHERE d.connection_id = a.c AND d.coupon = a.s))
    GROUP BY a.c, a.t, a.s ORDER BY a.c, a.t, a.s
    ON CONFLICT (connection_id, object_type, stripe_id) DO UPDATE SET
        min_rank = greatest(t.min_rank, excluded.min_rank),
        not_before = least(t.not_before, excluded.not_before), created_at = excluded.created_at
"""  # noqa: S608  names of tables


def ask(
    doubts: Mapping[tuple[ConnectionId, Doubt], int],
    renamed: Mapping[tuple[ConnectionId, str, str], bool] | None = None,
) -> None:
    """Queue doubts with the rank that settles them, and ``renamed`` products and coupons.

    Those that were unknown before only where somebody uses them: whoever starts to use one meanwhile misses its name
    and asks for it. Those that had another name always: whoever starts to use one meanwhile may have read that.

    Call it in the transaction that found them.
    """
    rows = [
        {"c": key, "t": doubt.object_type, "s": doubt.stripe_id, "rank": rank, "reason": doubt.reason[:255],
         "used": False}
        for (key, doubt), rank in doubts.items()
    ]  # fmt: skip
    rows += [
        {
            "c": key,
            "t": object_type,
            "s": stripe_id,
            "rank": RENAMED_RANK,
            "reason": "renamed",
            "used": is_new,
        }
        for (key, object_type, stripe_id), is_new in (renamed or {}).items()
    ]
    if rows:
        statements.execute(_ASK_SQL, [as_records(rows), SETTLE_SECONDS])


def request_refresh(
    *, connection_id: UUID, stripe_id: str, reason: str, object_type: str = "customer", min_rank: int = ANY_ANSWER
) -> None:
    """Queue one object to be read, once, however often this is called."""
    doubt = Doubt(object_type, stripe_id, reason)
    ask({(str(connection_id), doubt): max(min_rank, ANY_ANSWER)})
