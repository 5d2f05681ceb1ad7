"""What set the traits is stored once for all that it set, as text; subscriptions get room for each row's new version."""

from django.db import migrations, models

_BY_SOURCE = """
    CREATE FUNCTION pg_temp.by_source(by_trait jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
        SELECT coalesce(json_agg(json_build_array(source, traits)), '[]')::text
        FROM (SELECT value AS source, json_agg(key) AS traits FROM jsonb_each(by_trait) GROUP BY value) g
    $$
"""
_BY_TRAIT = """
    CREATE FUNCTION pg_temp.by_trait(by_source text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
        SELECT coalesce(jsonb_object_agg(trait, pair -> 0), '{}')
        FROM jsonb_array_elements(by_source::jsonb) pair, jsonb_array_elements_text(pair -> 1) trait
    $$
"""
_ALTER = "ALTER TABLE stripe_sync_usertraits ALTER sources TYPE {} USING pg_temp.{}(sources)"


class Migration(migrations.Migration):
    dependencies = [("stripe_sync", "0011_history_by_time")]

    operations = [
        migrations.RunSQL(
            [_BY_SOURCE, _ALTER.format("text", "by_source")],
            [_BY_TRAIT, _ALTER.format("jsonb", "by_trait")],
            state_operations=[migrations.AlterField("usertraits", "sources", models.TextField(default="[]"))],
        ),
        migrations.RunSQL(
            "ALTER TABLE stripe_sync_subscription SET (fillfactor = 50)",
            "ALTER TABLE stripe_sync_subscription SET (fillfactor = 70)",
        ),
    ]
