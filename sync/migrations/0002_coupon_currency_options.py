from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('stripe_sync', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='coupon',
            name='currency_options',
            field=models.JSONField(null=True),
        ),
    ]
