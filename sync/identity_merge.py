"""From the staging table to the links: what would change, and the change itself, in sets.

Everything runs in the caller's transaction. The temporary tables are dropped with the staging table.
"""

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from connector import statements
from sync.identity_csv import Problem
from sync.repeats import PLANS, count, may_repeat, plan_with, planned

SAMPLE = 20
SMALL = 4
"""A file with fewer rows than one in so many links is compared with the links that it names only."""
LARGE = 100_000
"""Rows of a file beside which counting all links is nothing: without a limit, several processes count."""

_WORDS = {"absent": "removed"}
# Hardly a row comes out of the comparison, which no planner can know.
_COMPARING = {"parallel_tuple_cost": "0"}
# Links are fetched by their place. Any other join would read all of them.
_FETCHING = {"enable_hashjoin": "off", "enable_mergejoin": "off"}

_REPEATED = """
CREATE TEMP TABLE repeated_user AS
SELECT user_id, max(line) AS kept FROM staged_identity GROUP BY user_id HAVING count(*) > 1
"""
_DROP_REPEATED = """
DELETE FROM staged_identity s USING repeated_user r WHERE s.user_id = r.user_id AND s.line < r.kept
RETURNING s.line, s.user_id, r.kept
"""
_LINKS = """
SELECT user_id, stripe_id, email_address, ctid AS link FROM stripe_sync_identity WHERE app_id = %(app_id)s
"""
_NAMED_LINKS = f"{_LINKS} AND user_id IN (SELECT user_id FROM staged_identity)"  # noqa: S608  constants
_CHANGES = """
CREATE TEMP TABLE identity_change AS
SELECT CASE WHEN i.user_id IS NULL THEN 'added' WHEN s.user_id IS NULL THEN 'absent' ELSE 'changed' END AS kind,
       coalesce(s.user_id, i.user_id) AS user_id, s.stripe_id, s.email_address,
       i.link, i.stripe_id AS old_stripe_id, i.email_address AS old_email_address
FROM staged_identity s FULL JOIN ({links}) i ON i.user_id = s.user_id
WHERE i.user_id IS NULL OR s.user_id IS NULL
   OR s.stripe_id IS DISTINCT FROM i.stripe_id OR s.email_address IS DISTINCT FROM i.email_address
"""
_COUNTS = """
SELECT count(*) FILTER (WHERE kind = 'added'),
       count(*) FILTER (WHERE kind = 'changed'),
       count(*) FILTER (WHERE kind = 'absent')
FROM identity_change
"""
_SAMPLE = """
SELECT kind, user_id, old_stripe_id, old_email_address, stripe_id, email_address
FROM identity_change LIMIT %(sample)s
"""
_ADD = """
INSERT INTO stripe_sync_identity (app_id, user_id, stripe_id, email_address, updated_at)
SELECT %(app_id)s, user_id, stripe_id, email_address, now()
FROM identity_change WHERE kind = 'added' ORDER BY user_id COLLATE "C"
"""
# By place: a link stays where it was compared until the transaction ends, as nobody else writes links meanwhile.
_CHANGE = """
UPDATE stripe_sync_identity i
SET stripe_id = c.stripe_id, email_address = c.email_address, updated_at = now()
FROM (SELECT * FROM identity_change WHERE kind = 'changed' ORDER BY link) c
WHERE i.ctid = c.link AND i.app_id = %(app_id)s
"""
_REMOVE = """
DELETE FROM stripe_sync_identity i USING (SELECT link FROM identity_change WHERE kind = 'absent' ORDER BY link) c
WHERE i.ctid = c.link AND i.app_id = %(app_id)s
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


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the file would do to the links. ``existing``: how many there were, where the file claims to be full."""

    rows: int
    added: int
    changed: int
    removed: int
    existing: int | None
    repeated: int

    @property
    def counts(self) -> dict[str, int]:
        counted = {name: number for name, number in asdict(self).items() if number is not None}
        return counted | {"unchanged": self.rows - self.added - self.changed}

    @property
    def removed_share(self) -> float:
        return self.removed / self.existing if self.existing else 0.0


class _Join(NamedTuple):
    """``existing``: the links that were looked at, of which ``absent`` have no row in the file."""

    rows: int
    existing: int
    added: int
    changed: int
    absent: int


def compare(*, app_id: UUID, full: bool, rows: int) -> tuple[Comparison, list[Problem]]:
    """Work out the changes, and remark on users that the staged ``rows`` name more than once.

    The last row of a user counts. With ``full`` the users that the file does not name lose their link. A link's user
    is unique, so that rows and links come in pairs: where more rows than links have found a partner, or a new user
    comes twice, users repeat.
    """
    with connection.cursor() as cursor:
        plan_with(cursor, PLANS)
        join = _join(cursor, app_id, rows, full=full)
        repeated: list[Problem] = []
        if join.rows - join.added != join.existing - join.absent or may_repeat(
            cursor, "user_id", "identity_change WHERE kind = 'added'", join.added
        ):
            repeated = _drop_repeated_users(cursor)
            cursor.execute("DROP TABLE identity_change")
            join = _join(cursor, app_id, rows - len(repeated), full=full)
        if join.absent and not full:
            cursor.execute("DELETE FROM identity_change WHERE kind = 'absent'")
    comparison = Comparison(
        rows=join.rows,
        added=join.added,
        changed=join.changed,
        removed=join.absent if full else 0,
        existing=join.existing if full else None,
        repeated=len(repeated),
    )
    return comparison, repeated


def _join(cursor: Any, app_id: UUID, rows: int, *, full: bool) -> _Join:
    values = {"app_id": app_id, "limit": None if full or rows > LARGE else SMALL * rows + 1}
    links = _LINKS
    existing = count(cursor, f"({links} LIMIT %(limit)s)", values)
    if not full and existing > SMALL * rows:
        links = _NAMED_LINKS
        existing = count(cursor, f"({links})", values)
    with planned(cursor, _COMPARING):
        cursor.execute(_CHANGES.format(links=links), values)
    cursor.execute("ANALYZE identity_change")
    cursor.execute(_COUNTS)
    return _Join(rows, existing, *cursor.fetchone())


def _drop_repeated_users(cursor: Any) -> list[Problem]:
    """Keep the last row of every user; one remark for each row that was dropped."""
    cursor.execute(_REPEATED)
    cursor.execute(_DROP_REPEATED)
    return [
        Problem(
            line, "repeated_user", f"The same user_id comes again in line {kept}; the last one counts.", user_id
        )
        for line, user_id, kept in sorted(cursor.fetchall())
    ]


def sample_changes() -> list[dict[str, Any]]:
    """The first changes as ``{"change", "user_id", "before": [stripe_id, email], "after": […]}``."""
    return [
        {"change": _WORDS.get(kind, kind), "user_id": user_id, "before": [*rest[:2]], "after": [*rest[2:]]}
        for kind, user_id, *rest in statements.rows(_SAMPLE, {"sample": SAMPLE})
    ]


def merge(*, app_id: UUID, connections: list[UUID], comparison: Comparison) -> None:
    """Write the compared changes and note whose traits follow from them."""
    values: dict[str, Any] = {"app_id": app_id, "connections": connections}
    with connection.cursor() as cursor:
        with planned(cursor, _FETCHING):
            if comparison.changed:
                cursor.execute(_CHANGE, values)
            if comparison.removed:
                cursor.execute(_REMOVE, values)
        if comparison.added:
            cursor.execute(_ADD, values)
        if comparison.added + comparison.changed + comparison.removed:
            cursor.execute(_PROJECT, values)
