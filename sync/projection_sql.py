"""The projection's statements: constant in number, whatever the number of users."""

from dataclasses import fields

from django.db import models

from connector.models import Connection
from sync.facts import CustomerFact, DiscountFact, PaymentMethodFact, SubscriptionFact
from sync.models import (
    Coupon,
    Customer,
    Discount,
    Identity,
    PaymentMethod,
    Product,
    Subscription,
    TraitHistory,
    UserTraits,
)
from sync.records import records_sql
from sync.traits import Traits

TRAIT_NAMES = tuple(one.name for one in fields(Traits))

_CONNECTIONS = Connection._meta.db_table
_CUSTOMERS = Customer._meta.db_table
_IDENTITIES = Identity._meta.db_table
_TRAITS = UserTraits._meta.db_table


def _as_stored(model: type[models.Model], alias: str, names: tuple[str, ...]) -> str:
    """Columns as the facts have them: times in epoch seconds, dates as text."""
    return ", ".join(f'{_expression(model, alias, name)} AS "{name}"' for name in names)


def _expression(model: type[models.Model], alias: str, name: str) -> str:
    column = f'{alias}."{name}"'
    field = model._meta.get_field(name)
    if isinstance(field, models.DateTimeField):
        return f"date_part('epoch', {column})::bigint"
    return f"{column}::text" if isinstance(field, models.DateField) else column


def _values(model: type[models.Model], fact: type, alias: str) -> str:
    return ", ".join(_expression(model, alias, one.name) for one in fields(fact))


def _columns(model: type[models.Model], fact: type, alias: str) -> str:
    return _as_stored(model, alias, tuple(one.name for one in fields(fact)))


FIND_USERS = f"""
    WITH touched AS MATERIALIZED (
        SELECT cn.id::text AS connection_id, cn.app_id, cn.livemode, k.s AS stripe_id, k.e AS former_email,
            CASE WHEN k.w THEN
                (SELECT c.email FROM {_CUSTOMERS} c WHERE c.connection_id = k.c AND c.stripe_id = k.s)
            END AS email
        FROM {records_sql("c uuid, s text, e text, w boolean")} k
        JOIN {_CONNECTIONS} cn ON cn.id = k.c AND cn.status <> 'revoked'
    ), emails AS MATERIALIZED (
        SELECT DISTINCT t.connection_id, t.app_id, t.livemode, lower(e) AS email
        FROM touched t, unnest(ARRAY[t.email, t.former_email]) AS e WHERE e IS NOT NULL
    ), links AS (
        SELECT t.connection_id, t.app_id, t.livemode, i.user_id, i.stripe_id, i.email_address
        FROM touched t JOIN {_IDENTITIES} i ON i.app_id = t.app_id AND i.stripe_id = t.stripe_id
        UNION ALL
        SELECT e.connection_id, e.app_id, e.livemode, i.user_id, i.stripe_id, i.email_address
        FROM emails e JOIN {_IDENTITIES} i ON i.app_id = e.app_id AND lower(i.email_address) = e.email
        WHERE i.stripe_id IS NULL
    )
    SELECT * FROM links
"""  # noqa: S608  names of tables and columns only
"""Customers → ``(connection, app, livemode, user, stripe_id, email)`` of users.

Of a customer: its former email, and whether it may have another one by now.
"""

NAMED_USERS = f"""
    SELECT cn.id::text, cn.app_id, cn.livemode, u.user_id, i.stripe_id, i.email_address
    FROM {_CONNECTIONS} cn
    CROSS JOIN unnest(%s::text[]) AS u(user_id)
    LEFT JOIN {_IDENTITIES} i ON i.app_id = cn.app_id AND i.user_id = u.user_id
    WHERE cn.app_id = %s AND cn.status <> 'revoked'
"""  # noqa: S608
"""The same columns for users by name, once per connection of the App; without an identity both links are null."""

_USERS = f"{records_sql('n integer, a uuid, l boolean, u text')} u"

MAKE_ROWS = f"""
    INSERT INTO {_TRAITS} (app_id, livemode, user_id, subscription_status, sources, version, updated_at)
    SELECT u.a, u.l, u.u, 'NONE', '[]', 0, now() FROM {_USERS} ORDER BY u.a, u.l, u.u
    ON CONFLICT (app_id, livemode, user_id) DO NOTHING
"""  # noqa: S608

LOCK_ROWS = f"""
    SELECT u.n, t.ctid, t.version, t.customer, t.subscription, t.sources,
        {_as_stored(UserTraits, "t", TRAIT_NAMES)}
    FROM {_TRAITS} t JOIN {_USERS} ON t.app_id = u.a AND t.livemode = u.l AND t.user_id = u.u
    ORDER BY t.app_id, t.livemode, t.user_id FOR NO KEY UPDATE OF t
"""  # noqa: S608
"""Lock the users' rows in one order and answer by number what they say now. A locked row stays in its place."""

LOAD_CUSTOMERS = f"""
    WITH links AS MATERIALIZED (
        SELECT * FROM {records_sql("n integer, c uuid, s text, e text")} u
    ), linked AS (
        SELECT u.n, t.* FROM links u
        JOIN {_CUSTOMERS} t ON t.connection_id = u.c AND t.stripe_id = u.s
        UNION ALL
        SELECT u.n, t.* FROM links u
        JOIN {_CUSTOMERS} t ON t.connection_id = u.c AND lower(t.email) = lower(u.e)
        WHERE u.s IS NULL
    )
    SELECT t.n, t.rank, t.payment_failed, {_columns(Customer, CustomerFact, "t")},
        (SELECT json_agg(json_build_array(s.rank, {_values(Subscription, SubscriptionFact, "s")}))::text
            FROM {Subscription._meta.db_table} s
            WHERE s.connection_id = t.connection_id AND s.customer = t.stripe_id)
    FROM linked t
"""  # noqa: S608
"""Users by number → a row per linked customer: n, rank, payment_failed, its fact's fields, and its subscriptions.

The last is JSON: of each subscription a list of its rank and its fact's fields.
"""

LOAD_KNOWN = f"""
    WITH wanted AS MATERIALIZED (
        SELECT * FROM {records_sql("c uuid, k text, s text")} w
    )
    SELECT w.k, w.c::text, d.stripe_id, d.rank, cp.stripe_id IS NOT NULL, cp.name,
        (SELECT row_to_json(r) FROM (SELECT {_columns(Discount, DiscountFact, "d")}) r)
    FROM wanted w JOIN {Discount._meta.db_table} d ON d.connection_id = w.c AND d.stripe_id = w.s
    LEFT JOIN {Coupon._meta.db_table} cp ON cp.connection_id = w.c AND cp.stripe_id = d.coupon
    WHERE w.k = 'discount'
    UNION ALL
    SELECT w.k, w.c::text, d.stripe_id, d.rank, cp.stripe_id IS NOT NULL, cp.name,
        (SELECT row_to_json(r) FROM (SELECT {_columns(Discount, DiscountFact, "d")}) r)
    FROM wanted w JOIN {Discount._meta.db_table} d ON d.connection_id = w.c AND d.customer = w.s
    LEFT JOIN {Coupon._meta.db_table} cp ON cp.connection_id = w.c AND cp.stripe_id = d.coupon
    WHERE w.k = 'discounts of'
    UNION ALL
    SELECT w.k, w.c::text, m.stripe_id, m.rank, true, NULL,
        (SELECT row_to_json(r) FROM (SELECT {_columns(PaymentMethod, PaymentMethodFact, "m")}) r)
    FROM wanted w JOIN {PaymentMethod._meta.db_table} m ON m.connection_id = w.c AND m.stripe_id = w.s
    WHERE w.k = 'payment_method'
    UNION ALL
    SELECT w.k, w.c::text, p.stripe_id, p.rank, true, p.name, NULL
    FROM wanted w JOIN {Product._meta.db_table} p ON p.connection_id = w.c AND p.stripe_id = w.s
    WHERE w.k = 'product'
"""  # noqa: S608
"""``(kind, connection, id, rank, coupon known, name, fact)`` of everything asked for that is there."""

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
        "place tid, a uuid, l boolean, u text, customer text, subscription text, sources json, history json",
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
    SELECT r.a, r.l, r.u, h.changes, h.source, now()
    FROM r, json_to_recordset(r.history) AS h(changes jsonb, source jsonb)
"""  # noqa: S608
"""Save the users that changed, and what they were before."""
