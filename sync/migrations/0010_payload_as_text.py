"""An event's JSON is kept as it was written, beside the row. Rewrites the inbox; what comes meanwhile waits."""

from django.db import migrations, models

_TABLE = "stripe_sync_stripeevent"


class Migration(migrations.Migration):
    dependencies = [("stripe_sync", "0009_identity_key")]

    operations = [
        migrations.RunSQL(
            f"ALTER TABLE {_TABLE} SET (toast_tuple_target = 256)",
            f"ALTER TABLE {_TABLE} RESET (toast_tuple_target)",
        ),
        migrations.AlterField("stripeevent", "payload", models.TextField(null=True)),
    ]
