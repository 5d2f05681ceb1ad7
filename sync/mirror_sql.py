"""The mirror's statements, made from the facts' fields and the tables' columns."""

from dataclasses import fields

from django.db import models

from sync.facts import MirroredFact
from sync.models import Customer
from sync.records import records_sql

_RECORD_TYPES: dict[type[models.Field], str] = {  # type: ignore[type-arg]
    models.DateTimeField: "bigint",
    models.JSONField: "jsonb",
    models.BooleanField: "boolean",
    models.DecimalField: "numeric",
    models.SmallIntegerField: "integer",
    models.IntegerField: "bigint",
    models.BigIntegerField: "bigint",
}
_NOT_TOLD = {"applies_to_products", "currency_options"}
"""Columns that most answers leave out; what was told once stays."""


def upsert_sql(fact_type: type[MirroredFact], model: type[models.Model]) -> str:
    """Write a JSON list of rows where their rank is higher than what is there.

    Answers one row per row given: ``(n, rank before, differs from before, customer before, written)``, where ``n`` is
    the number that the row was given with. A tombstone without content keeps what was known.
    """
    table = model._meta.db_table
    names = [one.name for one in fields(fact_type) if one.name != "stripe_id"]
    columns = {one.name: one for one in model._meta.concrete_fields if one.name in names}
    record = ", ".join(f"{_quoted(name)} {_record_type(column)}" for name, column in columns.items())
    values = ", ".join(f"{_value(name, column)} AS {_quoted(name)}" for name, column in columns.items())
    listed = ", ".join(_quoted(name) for name in columns)
    sets = ", ".join(f"{_quoted(name)} = {_replacement(name, column)}" for name, column in columns.items())
    compared = [one.name for one in fields(fact_type) if one.compare and one.name != "stripe_id"]
    before = ", ".join(f"t.{_quoted(name)}" for name in compared)
    after = ", ".join(f"new.{_quoted(name)}" for name in compared)
    owner = "t.customer" if "customer" in names else "NULL::text"
    return f"""
        WITH new AS MATERIALIZED (
            SELECT r.n, r.connection_id, r.stripe_id, r.rank, {values}
            FROM {records_sql(f"n integer, connection_id uuid, stripe_id text, rank bigint, {record}")} r
        ), old AS MATERIALIZED (
            SELECT new.n, t.rank, {owner} AS owner,
                ROW({before}) IS DISTINCT FROM ROW({after}) AS differs
            FROM new JOIN {table} t ON t.connection_id = new.connection_id AND t.stripe_id = new.stripe_id
        ), written AS (
            INSERT INTO {table} AS t (connection_id, stripe_id, rank, {listed})
            SELECT connection_id, stripe_id, rank, {listed} FROM new ORDER BY connection_id, stripe_id
            ON CONFLICT (connection_id, stripe_id) DO UPDATE SET rank = excluded.rank, {sets}
            WHERE excluded.rank > t.rank
            RETURNING t.connection_id, t.stripe_id
        )
        SELECT new.n, old.rank, coalesce(old.differs, true), old.owner, written.stripe_id IS NOT NULL
        FROM new
        LEFT JOIN old ON old.n = new.n
        LEFT JOIN written ON written.connection_id = new.connection_id AND written.stripe_id = new.stripe_id
    """  # noqa: S608  names of tables and columns only


def _quoted(name: str) -> str:
    return f'"{name}"'


def _record_type(column: models.Field) -> str:  # type: ignore[type-arg]
    return next((sql for kind, sql in _RECORD_TYPES.items() if isinstance(column, kind)), "text")


def _value(name: str, column: models.Field) -> str:  # type: ignore[type-arg]
    value = f"r.{_quoted(name)}"
    if isinstance(column, models.DateTimeField):
        return f"to_timestamp({value})"
    if not column.null and _record_type(column) == "text":
        return f"coalesce({value}, '')"
    return value


def _replacement(name: str, column: models.Field) -> str:  # type: ignore[type-arg]
    new, old = f"excluded.{_quoted(name)}", f"t.{_quoted(name)}"
    if name == "deleted":
        return new
    if name in _NOT_TOLD:
        return f"coalesce({new}, {old})"
    told = f"nullif({new}, '')" if not column.null and _record_type(column) == "text" else new
    return f"CASE WHEN excluded.deleted THEN coalesce({told}, {old}) ELSE {new} END"


PAYMENTS_SQL = f"""
    WITH new AS MATERIALIZED (
        SELECT * FROM {records_sql("c uuid, s text, rank bigint, failed boolean")} r
    ), written AS (
        UPDATE {Customer._meta.db_table} t SET payment_failed = new.failed, payment_rank = new.rank
        FROM new WHERE t.connection_id = new.c AND t.stripe_id = new.s AND new.rank > t.payment_rank
    )
    SELECT new.c::text, new.s, greatest(new.rank, t.payment_rank), new.rank > t.payment_rank,
        t.payment_failed <> new.failed
            AND (t.payment_rank = new.rank OR (t.payment_rank > new.rank AND mod(new.rank, 2) = 1))
    FROM new
    JOIN {Customer._meta.db_table} t ON t.connection_id = new.c AND t.stripe_id = new.s
"""  # noqa: S608  table name
"""Write who failed to pay or paid: customer, highest rank, written, and whether the same second, or an early fetch,
says otherwise."""
