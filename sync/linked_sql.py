"""Who is linked to whom: locking the users of customers, and loading the customers of users. Any number at once."""

from connector.models import Connection
from sync.facts import CustomerFact, SubscriptionFact
from sync.known_sql import KNOWN
from sync.models import Customer, Identity, Subscription, UserTraits
from sync.projection_sql import TRAIT_NAMES
from sync.records import records_sql
from sync.stored import as_stored, fact_values

_CONNECTIONS = Connection._meta.db_table
_CUSTOMERS = Customer._meta.db_table
_IDENTITIES = Identity._meta.db_table
_TRAITS = UserTraits._meta.db_table

_LISTED_TRAITS = ", ".join(f'l."{name}"' for name in TRAIT_NAMES)

_TOUCHED = f"""
    touched AS MATERIALIZED (
        SELECT cn.id AS connection_id, cn.app_id, cn.livemode, k.s AS stripe_id, k.e AS former_email, k.fresh, k.rank,
            CASE WHEN k.w THEN
                (SELECT c.email FROM {_CUSTOMERS} c WHERE c.connection_id = k.c AND c.stripe_id = k.s)
            END AS email
        FROM {records_sql("c uuid, s text, e text, w boolean, fresh text, rank bigint")} k
        JOIN {_CONNECTIONS} cn ON cn.id = k.c AND cn.status <> 'revoked'
    ), emails AS MATERIALIZED (
        SELECT DISTINCT t.connection_id, t.app_id, t.livemode, lower(e) AS email
        FROM touched t, unnest(ARRAY[t.email, t.former_email]) AS e WHERE e IS NOT NULL
    ), links AS MATERIALIZED (
        SELECT t.connection_id, t.app_id, t.livemode, i.user_id, i.stripe_id, i.email_address, t.fresh, t.rank
        FROM touched t CROSS JOIN LATERAL (
            SELECT * FROM {_IDENTITIES} i WHERE i.app_id = t.app_id AND i.stripe_id = t.stripe_id OFFSET 0
        ) i
        UNION ALL
        SELECT e.connection_id, e.app_id, e.livemode, i.user_id, i.stripe_id, i.email_address, NULL, NULL
        FROM emails e JOIN {_IDENTITIES} i ON i.app_id = e.app_id AND lower(i.email_address) = e.email
        WHERE i.stripe_id IS NULL
    )
"""  # noqa: S608  names of tables and columns only
"""Customers → users. Of a customer: its former email, whether it may have another one by now, and one of its
subscriptions that was just written, with its rank.

Links are looked up one by one (``OFFSET 0``): to find ten, PostgreSQL would rather read some thousand from end to end.
"""

_LOADED = f"""
    c.rank, c.payment_failed, {fact_values(Customer, CustomerFact, "c")}, s.stripe_id, s.rank,
    CASE WHEN (s.stripe_id, s.rank) IS DISTINCT FROM (l.fresh, l.rank) THEN
        json_build_array({fact_values(Subscription, SubscriptionFact, "s")})::text
    END, {KNOWN}
"""
"""Of a customer ``c`` with a subscription ``s``: rank, payment_failed, its fact's fields, the subscription's id and
rank, null where there is none, its fact's fields as a JSON list, null where it is the fresh one of the link ``l``, and
what hangs on the two.
"""
_SUBSCRIPTIONS = f"""
    LEFT JOIN {Subscription._meta.db_table} s ON s.connection_id = c.connection_id AND s.customer = c.stripe_id
"""

_NAMED = f"""
    links AS MATERIALIZED (
        SELECT cn.id AS connection_id, cn.app_id, cn.livemode, u.user_id, i.stripe_id, i.email_address,
            NULL AS fresh, NULL::bigint AS rank
        FROM {_CONNECTIONS} cn
        CROSS JOIN unnest(%s::text[]) AS u(user_id)
        LEFT JOIN {_IDENTITIES} i ON i.app_id = cn.app_id AND i.user_id = u.user_id
        WHERE cn.app_id = %s AND cn.status <> 'revoked'
    )
"""  # noqa: S608
"""Users by name, once per connection of the App; without an identity both links are null."""


def _lock(links: str) -> str:
    """Lock the rows of the users in one order, all or none, and answer the links with what the rows say now, each with
    the customer that it names, if there is one, once for each of that one's subscriptions.

    ``(how many links, connection, app, livemode, user, stripe_id, email, place, version, customer, subscription,
    sources, traits …, what is loaded …)``, all but the first null in one row where nothing was locked. A locked row
    stays in its place. None are locked where one is missing: who holds some rows and waits for one that comes before
    them can deadlock.
    """
    return f"""
        WITH {links}, locked AS (
            SELECT l.connection_id, l.app_id, l.livemode, l.user_id, l.stripe_id, l.email_address, l.fresh, l.rank,
                t.ctid, t.version, t.customer, t.subscription, t.sources, {as_stored(UserTraits, "t", TRAIT_NAMES)}
            FROM links l
            JOIN {_TRAITS} t ON t.app_id = l.app_id AND t.livemode = l.livemode AND t.user_id = l.user_id
            WHERE NOT EXISTS (
                SELECT FROM links m
                LEFT JOIN {_TRAITS} o ON o.app_id = m.app_id AND o.livemode = m.livemode AND o.user_id = m.user_id
                WHERE o.user_id IS NULL
            )
            ORDER BY t.app_id, t.livemode, t.user_id FOR NO KEY UPDATE OF t
        )
        SELECT (SELECT count(*) FROM links), l.connection_id::text, l.app_id, l.livemode, l.user_id, l.stripe_id,
            l.email_address, l.ctid, l.version, l.customer, l.subscription, l.sources, {_LISTED_TRAITS}, {_LOADED}
        FROM (SELECT) AS always
        LEFT JOIN locked l ON true
        LEFT JOIN {_CUSTOMERS} c ON c.connection_id = l.connection_id AND c.stripe_id = l.stripe_id
        {_SUBSCRIPTIONS}
    """  # noqa: S608


def _make(links: str) -> str:
    return f"""
        WITH {links}
        INSERT INTO {_TRAITS} (app_id, livemode, user_id, subscription_status, sources, version, updated_at)
        SELECT DISTINCT app_id, livemode, user_id, 'NONE', '[]', 0, now() FROM links
        ORDER BY app_id, livemode, user_id
        ON CONFLICT (app_id, livemode, user_id) DO NOTHING
    """  # noqa: S608


LOCK_TOUCHED, MAKE_TOUCHED = _lock(_TOUCHED), _make(_TOUCHED)
LOCK_NAMED, MAKE_NAMED = _lock(_NAMED), _make(_NAMED)

LOAD_CUSTOMERS = f"""
    WITH links AS MATERIALIZED (
        SELECT * FROM {records_sql("n integer, c uuid, s text, e text, fresh text, rank bigint")} u
    ), linked AS (
        SELECT u.n, u.fresh, u.rank AS fresh_rank, t.* FROM links u
        JOIN {_CUSTOMERS} t ON t.connection_id = u.c AND t.stripe_id = u.s
        UNION ALL
        SELECT u.n, NULL, NULL, t.* FROM links u
        JOIN {_CUSTOMERS} t ON t.connection_id = u.c AND lower(t.email) = lower(u.e)
        WHERE u.s IS NULL
    )
    SELECT c.n, {_LOADED}
    FROM linked c CROSS JOIN LATERAL (SELECT c.fresh, c.fresh_rank AS rank) l
    {_SUBSCRIPTIONS}
"""  # noqa: S608
"""Users by number → their customers with their subscriptions: n, and what is loaded.

Of each user: a subscription that was just written, and its rank. The fields of that one are not told again.
"""
