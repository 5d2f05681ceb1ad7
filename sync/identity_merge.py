"""From the staging table to the links: what would change, and the change itself, in sets.

Everything runs in the caller's transaction. The temporary tables are dropped with the staging table.
"""

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from sync.identity_csv import Problem

SAMPLE = 20
_WORK_MEM = "128MB"  # of one PostgreSQL process, until the transaction ends: a million users hash within it

# Sorting hashes of eight bytes takes a third of the time of grouping the texts, and mostly nothing repeats.
_REPEATS = """
SELECT EXISTS (SELECT FROM staged_identity WHERE {column} IS NOT NULL
               GROUP BY hashtextextended({column}, 0) HAVING count(*) > 1)
"""
_REPEATED = """
CREATE TEMP TABLE repeated_user AS
SELECT user_id, max(line) AS kept FROM staged_identity GROUP BY user_id HAVING count(*) > 1
"""
_DROP_REPEATED = """
DELETE FROM staged_identity s USING repeated_user r WHERE s.user_id = r.user_id AND s.line < r.kept
RETURNING s.line, s.user_id, r.kept
"""
_SHARED = """
SELECT min(line), stripe_id, count(*), (array_agg(user_id ORDER BY line))[1:3]
FROM staged_identity WHERE stripe_id IS NOT NULL GROUP BY stripe_id HAVING count(*) > 1 ORDER BY 1
"""
_CHANGES = """
CREATE TEMP TABLE identity_change AS
SELECT CASE WHEN i.id IS NULL THEN 'added' ELSE 'changed' END AS kind, s.user_id, s.stripe_id, s.email_address,
       i.id AS identity_id, i.stripe_id AS old_stripe_id, i.email_address AS old_email_address
FROM staged_identity s
LEFT JOIN stripe_sync_identity i ON i.app_id = %(app_id)s AND i.user_id = s.user_id
WHERE i.id IS NULL OR (s.stripe_id, s.email_address) IS DISTINCT FROM (i.stripe_id, i.email_address)
"""
_REMOVALS = """
INSERT INTO identity_change
SELECT 'removed', i.user_id, NULL, NULL, i.id, i.stripe_id, i.email_address
FROM stripe_sync_identity i
WHERE i.app_id = %(app_id)s AND NOT EXISTS (SELECT FROM staged_identity s WHERE s.user_id = i.user_id)
"""
_COUNTS = """
SELECT count(*) FILTER (WHERE kind = 'added'),
       count(*) FILTER (WHERE kind = 'changed'),
       count(*) FILTER (WHERE kind = 'removed')
FROM identity_change
"""
_SAMPLE = """
SELECT kind, user_id, old_stripe_id, old_email_address, stripe_id, email_address
FROM identity_change LIMIT %(sample)s
"""
_ADD = """
INSERT INTO stripe_sync_identity (app_id, user_id, stripe_id, email_address, updated_at)
SELECT %(app_id)s, user_id, stripe_id, email_address, now() FROM identity_change WHERE kind = 'added'
"""
_CHANGE = """
UPDATE stripe_sync_identity i
SET stripe_id = c.stripe_id, email_address = c.email_address, updated_at = now()
FROM identity_change c WHERE c.kind = 'changed' AND i.id = c.identity_id
"""
_REMOVE = """
DELETE FROM stripe_sync_identity i USING identity_change c WHERE c.kind = 'removed' AND i.id = c.identity_id
"""
# Only users that have traits, or whose customer the mirror knows, have anything to project.
_PROJECT = """
INSERT INTO stripe_sync_pendingprojection (app_id, user_id)
SELECT %(app_id)s, c.user_id FROM identity_change c
WHERE EXISTS (SELECT FROM stripe_sync_usertraits t WHERE t.app_id = %(app_id)s AND t.user_id = c.user_id)
   OR EXISTS (SELECT FROM stripe_sync_customer m
              WHERE m.connection_id = ANY(%(connections)s) AND m.stripe_id = c.stripe_id)
   OR EXISTS (SELECT FROM stripe_sync_customer m
              WHERE m.connection_id = ANY(%(connections)s) AND lower(m.email) = lower(c.email_address))
ON CONFLICT DO NOTHING
"""
_UNKNOWN_CUSTOMERS = """
SELECT DISTINCT n.id, c.stripe_id
FROM identity_change c CROSS JOIN unnest(%(connections)s::uuid[]) AS n(id)
WHERE c.stripe_id IS NOT NULL AND NOT EXISTS
      (SELECT FROM stripe_sync_customer m
       WHERE m.connection_id = n.id AND m.stripe_id = c.stripe_id AND m.rank > 0)
LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the file would do to the links. ``existing``: how many there were, where the file claims to be full."""

    rows: int
    added: int
    changed: int
    removed: int
    existing: int | None
    repeated: int
    shared: int

    @property
    def counts(self) -> dict[str, int]:
        counted = {name: count for name, count in asdict(self).items() if count is not None}
        return counted | {"unchanged": self.rows - self.added - self.changed}

    @property
    def removed_share(self) -> float:
        return self.removed / self.existing if self.existing else 0.0


def drop_repeated_users() -> list[Problem]:
    """Keep the last row of every user; one remark for each row that was dropped."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('work_mem', %s, true)", [_WORK_MEM])
        if not _repeats(cursor, "user_id"):
            return []
        cursor.execute(_REPEATED)
        cursor.execute(_DROP_REPEATED)
        return [
            Problem(line, "repeated_user", f"The same user_id comes again in line {kept}; the last one counts.",
                    user_id)
            for line, user_id, kept in cursor.fetchall()
        ]  # fmt: skip


def find_shared_customers() -> list[Problem]:
    """One remark for each customer that several users of the file are linked to; the links are kept."""
    with connection.cursor() as cursor:
        if not _repeats(cursor, "stripe_id"):
            return []
        cursor.execute(_SHARED)
        return [
            Problem(line, "shared_stripe_id", f"{count} users have this stripe_id: {', '.join(users)} …"[:512],
                    stripe_id)
            for line, stripe_id, count, users in cursor.fetchall()
        ]  # fmt: skip


def _repeats(cursor: Any, column: str) -> bool:
    cursor.execute("SET LOCAL enable_hashagg = off")
    cursor.execute(_REPEATS.format(column=column))
    (repeats,) = cursor.fetchone()
    cursor.execute("SET LOCAL enable_hashagg = on")
    return bool(repeats)


def compare(*, app_id: UUID, full: bool, rows: int, repeated: int, shared: int) -> Comparison:
    """Work out the changes; with ``full`` the users that the file does not name lose their link."""
    with connection.cursor() as cursor:
        cursor.execute(_CHANGES, {"app_id": app_id})
        if full:
            cursor.execute(_REMOVALS, {"app_id": app_id})
        cursor.execute("ANALYZE identity_change")
        cursor.execute(_COUNTS)
        added, changed, removed = cursor.fetchone()
    existing = rows - added + removed if full else None
    return Comparison(rows, added, changed, removed, existing, repeated, shared)


def sample_changes() -> list[dict[str, Any]]:
    """The first changes as ``{"change", "user_id", "before": [stripe_id, email], "after": […]}``."""
    with connection.cursor() as cursor:
        cursor.execute(_SAMPLE, {"sample": SAMPLE})
        return [
            {"change": kind, "user_id": user_id, "before": [*rest[:2]], "after": [*rest[2:]]}
            for kind, user_id, *rest in cursor.fetchall()
        ]


def merge(*, app_id: UUID, connections: list[UUID], comparison: Comparison) -> None:
    """Write the compared changes and note whose traits follow from them."""
    values: dict[str, Any] = {"app_id": app_id, "connections": connections}
    with connection.cursor() as cursor:
        for count, statement in (
            (comparison.added, _ADD),
            (comparison.changed, _CHANGE),
            (comparison.removed, _REMOVE),
            (comparison.added + comparison.changed + comparison.removed, _PROJECT),
        ):
            if count:
                cursor.execute(statement, values)


def unknown_customers(*, connections: list[UUID], limit: int) -> list[tuple[UUID, str]]:
    """Up to ``limit`` (connection, customer) pairs that changed links name and the mirrors do not have."""
    with connection.cursor() as cursor:
        cursor.execute(_UNKNOWN_CUSTOMERS, {"connections": connections, "limit": limit})
        rows: list[tuple[UUID, str]] = cursor.fetchall()
    return rows
