"""The projection's statements: constant in number, whatever the number of users."""

from dataclasses import fields

from django.db import models

from sync.models import TraitHistory, UserTraits
from sync.records import records_sql
from sync.traits import Traits

TRAIT_NAMES = tuple(one.name for one in fields(Traits))

_TRAITS = UserTraits._meta.db_table

TIME_TRAITS = tuple(
    name for name in TRAIT_NAMES if isinstance(UserTraits._meta.get_field(name), models.DateTimeField)
)
_FLAGS = tuple(name for name in TRAIT_NAMES if isinstance(UserTraits._meta.get_field(name), models.BooleanField))


def _record_type(name: str) -> str:
    return "bigint" if name in TIME_TRAITS else "boolean" if name in _FLAGS else "text"


def _new_value(name: str) -> str:
    if name in TIME_TRAITS:
        return f'to_timestamp(r."{name}")'
    return f'r."{name}"::date' if name == "payment_card_expiration" else f'r."{name}"'


_SAVED = ", ".join(
    [
        "place tid, a uuid, l boolean, u text, customer text, subscription text, sources json",
        *(f'"{name}" {_record_type(name)}' for name in TRAIT_NAMES),
    ]
)
_SETS = ", ".join(f'"{name}" = {_new_value(name)}' for name in TRAIT_NAMES)

SAVE = f"""
    WITH r AS MATERIALIZED (
        SELECT * FROM {records_sql(_SAVED)} r
    ), saved AS (
        UPDATE {_TRAITS} t SET {_SETS}, customer = r.customer, subscription = r.subscription,
            sources = r.sources::text, updated_at = now(),
            version = pg_current_xact_id()::text::bigint
        FROM r WHERE t.ctid = r.place AND t.app_id = r.a AND t.livemode = r.l AND t.user_id = r.u
    )
    INSERT INTO {TraitHistory._meta.db_table} (app_id, livemode, user_id, changes, source, at)
    SELECT h.a, h.l, h.u, h.changes, h.source, now()
    FROM {records_sql("a uuid, l boolean, u text, changes jsonb, source jsonb")} h
"""  # noqa: S608
"""Save the users that changed, and what each source changed."""
