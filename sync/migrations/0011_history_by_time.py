"""History only grows at its end: an index of ranges tells what is old, and costs a change nearly nothing."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("stripe_sync", "0010_payload_as_text")]

    operations = [
        migrations.RemoveIndex("traithistory", "history_by_time"),
        migrations.AddIndex("traithistory", BrinIndex(fields=["at"], name="history_by_time")),
    ]
