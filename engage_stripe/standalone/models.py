"""Companies, Apps, console users, prompts and end users of the stand-in console."""

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models


class ConsoleUser(AbstractUser):
    """Signs in by email; what it may do depends on its memberships."""

    email = models.EmailField(unique=True)


class Company(models.Model):
    name = models.CharField(max_length=255)

    def __str__(self) -> str:
        return self.name


class App(models.Model):
    """One site or application. Only a hash of the API key is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="apps")
    name = models.CharField(max_length=255)
    timezone = models.CharField(max_length=64, default="UTC")
    domains = models.JSONField(default=list)
    api_key_hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A console user's permission level: in one App, or in the whole Company for Company admins (``app`` null)."""

    user = models.ForeignKey(ConsoleUser, on_delete=models.CASCADE, related_name="memberships")
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="memberships")
    app = models.ForeignKey(App, on_delete=models.CASCADE, null=True, related_name="memberships")
    role = models.CharField(max_length=20)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "company", "app"], nulls_distinct=False, name="one_role_per_app"
            )
        ]


class Prompt(models.Model):
    """An in-app message, as far as the connector needs one."""

    app = models.ForeignKey(App, on_delete=models.CASCADE, related_name="prompts")
    key = models.SlugField(max_length=255)
    name = models.CharField(max_length=255)
    test_user_ids = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["app", "key"], name="prompt_key_once_per_app")]


class EndUser(models.Model):
    """A visitor of the customer's own site."""

    app = models.ForeignKey(App, on_delete=models.CASCADE, related_name="end_users")
    user_id = models.CharField(max_length=512)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["app", "user_id"], name="end_user_once_per_app")]
