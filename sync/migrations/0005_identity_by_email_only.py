"""Identities are looked up by email address only where they have no stripe_id: the index needs no others."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Lower


class Migration(migrations.Migration):
    atomic = False  # the links stay writable meanwhile

    dependencies = [("stripe_sync", "0004_follow_up_and_unchanged_since")]

    operations = [
        AddIndexConcurrently(
            "identity",
            models.Index(
                models.F("app_id"),
                Lower("email_address"),
                name="identity_by_email_only",
                condition=models.Q(stripe_id=None),
            ),
        ),
        RemoveIndexConcurrently("identity", "identity_by_email"),
    ]
