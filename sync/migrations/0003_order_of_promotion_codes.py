from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Accounts have up to millions of codes: the index is built while they are written."""

    atomic = False

    dependencies = [
        ('stripe_sync', '0002_coupon_currency_options'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='promotioncode',
            index=models.Index(fields=['connection', 'code'], name='promotion_code_by_code'),
        ),
    ]
