"""A new version of a customer or subscription finds room on its page and needs no entries in the indexes.

The unique constraints begin with the connection, and serve those who look for one.
"""

import django.db.models.deletion
from django.db import migrations, models

_WITHOUT_INDEX = models.ForeignKey(
    db_index=False,
    on_delete=django.db.models.deletion.CASCADE,
    related_name="+",
    to="stripe_connector.connection",
)
_MODELS = (
    "coupon", "customer", "discount", "paymentmethod", "price", "product", "promotioncode", "stripeevent", "subscription",
)  # fmt: skip
_TABLES = ("stripe_sync_customer", "stripe_sync_subscription")


class Migration(migrations.Migration):
    dependencies = [("stripe_connector", "0001_initial"), ("stripe_sync", "0007_event_customer")]

    operations = [
        *(migrations.AlterField(name, "connection", _WITHOUT_INDEX) for name in _MODELS),
        *(
            migrations.RunSQL(f"ALTER TABLE {table} SET (fillfactor = 70)", f"ALTER TABLE {table} RESET (fillfactor)")
            for table in _TABLES
        ),
    ]
