"""What PostgreSQL knows of the tables that a first load fills."""

from django.apps import apps
from django.db import connection as database

from connector import statements
from sync import locks

_OUTGROWN = """
    SELECT c.oid::regclass::text FROM pg_class c
    WHERE c.oid = ANY(%s::regclass[]) AND pg_relation_size(c.oid) / current_setting('block_size')::int > 2 * c.relpages
"""


def analyze_what_has_grown() -> None:
    """Analyse the tables of the mirror and the traits that have doubled since PostgreSQL last looked at them.

    It keeps a plan until then: of a table that it has never looked at it expects one row, and takes any index that
    begins right; a small one it reads from end to end. A first load fills tables in less than the minute after
    which autovacuum looks, and each batch would read what all batches before it have written.

    https://www.postgresql.org/docs/current/planner-stats.html. Not for transactions. Where somebody else is at it,
    nothing is waited for.
    """
    tables = [model._meta.db_table for model in apps.get_app_config("stripe_sync").get_models()]
    with locks.try_hold("analyze") as held:
        for (table,) in statements.rows(_OUTGROWN, [tables]) if held else ():
            with database.cursor() as cursor:
                cursor.execute(f"ANALYZE {table}")
