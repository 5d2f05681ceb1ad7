"""A refresh request can ask for an email address, which is longer than Stripe's ids."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("stripe_sync", "0005_identity_by_email_only")]

    operations = [
        migrations.AlterField("refreshrequest", "stripe_id", models.CharField(max_length=512)),
    ]
