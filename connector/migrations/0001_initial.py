import connector.crypto
import datetime
import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='OAuthAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state_hash', models.CharField(max_length=64, unique=True)),
                ('session_hash', models.CharField(max_length=64)),
                ('app_id', models.UUIDField()),
                ('livemode', models.BooleanField()),
                ('expires_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='PlatformEndpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('webhook_endpoint_id', models.CharField(blank=True, max_length=255)),
                ('webhook_secret', connector.crypto.EncryptedField(blank=True, null=True)),
                ('previous_webhook_secret', connector.crypto.EncryptedField(blank=True, null=True)),
                ('previous_webhook_secret_expires_at', models.DateTimeField(null=True)),
                ('livemode', models.BooleanField(unique=True)),
                ('install_id', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('trouble', models.TextField(blank=True)),
                ('checked_at', models.DateTimeField(null=True)),
                ('repaired', models.TextField(blank=True)),
                ('repaired_at', models.DateTimeField(null=True)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Connection',
            fields=[
                ('webhook_endpoint_id', models.CharField(blank=True, max_length=255)),
                ('webhook_secret', connector.crypto.EncryptedField(blank=True, null=True)),
                ('previous_webhook_secret', connector.crypto.EncryptedField(blank=True, null=True)),
                ('previous_webhook_secret_expires_at', models.DateTimeField(null=True)),
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('app_id', models.UUIDField()),
                ('method', models.CharField(choices=[('connect', 'Stripe Connect'), ('api_key', 'API key')], max_length=10)),
                ('livemode', models.BooleanField()),
                ('stripe_account_id', models.CharField(blank=True, max_length=255)),
                ('display_name', models.CharField(blank=True, max_length=255)),
                ('status', models.CharField(choices=[('pending', 'Pending'), ('active', 'Active'), ('inactive', 'Inactive'), ('revoked', 'Disconnected'), ('error', 'Error')], default='pending', max_length=10)),
                ('status_reason', models.TextField(blank=True)),
                ('trouble_reported_at', models.DateTimeField(null=True)),
                ('api_key', connector.crypto.EncryptedField(blank=True, null=True)),
                ('api_key_hint', models.CharField(blank=True, max_length=40)),
                ('api_key_fingerprint', models.CharField(blank=True, max_length=64)),
                ('api_key_saved_by', models.CharField(blank=True, max_length=255)),
                ('api_key_saved_at', models.DateTimeField(null=True)),
                ('webhook_check_started_at', models.DateTimeField(null=True)),
                ('permissions', models.JSONField(default=dict)),
                ('permissions_checked_at', models.DateTimeField(null=True)),
                ('schedule_time', models.TimeField(default=datetime.time(2, 0))),
                ('email_only_on_trouble', models.BooleanField(default=False)),
                ('last_event_at', models.DateTimeField(null=True)),
                ('last_catalogue_at', models.DateTimeField(null=True)),
                ('last_identities_at', models.DateTimeField(null=True)),
                ('last_reconciliation_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'indexes': [models.Index(fields=['stripe_account_id'], name='connection_by_account')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('status', 'revoked'), _negated=True), fields=('app_id', 'livemode'), name='one_connection_per_app_and_mode')],
            },
        ),
        migrations.CreateModel(
            name='ReplacementKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('api_key', connector.crypto.EncryptedField(blank=True, null=True)),
                ('hint', models.CharField(max_length=40)),
                ('fingerprint', models.CharField(max_length=64)),
                ('saved_by', models.CharField(max_length=255)),
                ('saved_at', models.DateTimeField()),
                ('permissions', models.JSONField(default=dict)),
                ('connection', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='replacement', to='stripe_connector.connection')),
            ],
        ),
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('app_id', models.UUIDField()),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('actor', models.CharField(max_length=255)),
                ('origin', models.CharField(max_length=255)),
                ('action', models.CharField(max_length=64)),
                ('summary', models.TextField()),
                ('connection', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='stripe_connector.connection')),
            ],
            options={
                'indexes': [models.Index(fields=['app_id', '-at'], name='audit_newest')],
            },
        ),
    ]
