"""Companies, Apps, console users, prompts and end users of the stand-in console."""

import uuid
from functools import cached_property

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from connector.host import Role


class ConsoleUserManager(BaseUserManager["ConsoleUser"]):
    """Finds people by email, however they type its capitals."""

    def get_by_natural_key(self, username: str | None) -> "ConsoleUser":
        return self.get(email=(username or "").lower())


class ConsoleUser(AbstractBaseUser):
    """Signs in by email; what it may do depends on its memberships."""

    name = models.CharField(max_length=255)
    email = models.EmailField(unique=True)
    is_active = models.BooleanField(default=True)

    objects = ConsoleUserManager()

    USERNAME_FIELD = "email"

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(email=Lower("email")), name="email_in_small")]

    def __str__(self) -> str:
        return self.name

    @cached_property
    def roles(self) -> dict["App", Role]:
        """Every App that this person may open, by name, with the strongest role held there."""
        roles: dict[App, Role] = {}
        for membership in self.memberships.select_related("app__company").prefetch_related(
            "company__apps__company"
        ):
            role = Role(membership.role)
            for app in [membership.app] if membership.app else membership.company.apps.all():
                roles[app] = min(role, roles.get(app, role), key=list(Role).index)
        return dict(sorted(roles.items(), key=lambda entry: (entry[0].company.name, entry[0].name)))


class Company(models.Model):
    name = models.CharField(max_length=255, unique=True)

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

    @cached_property
    def company_name(self) -> str:
        """A query may bring it along."""
        return self.company.name


class Membership(models.Model):
    """A console user's permission level: in one App, or in the whole Company for Company admins (``app`` null)."""

    user = models.ForeignKey(ConsoleUser, on_delete=models.CASCADE, related_name="memberships")
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="memberships")
    app = models.ForeignKey(App, on_delete=models.CASCADE, null=True, related_name="memberships")
    role = models.CharField(max_length=20, choices=[(role.value, role.label) for role in Role])

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "company", "app"], nulls_distinct=False, name="one_role_per_app"
            ),
            models.CheckConstraint(
                condition=models.Q(app=None, role=Role.COMPANY_ADMIN)
                | (models.Q(app__isnull=False) & ~models.Q(role=Role.COMPANY_ADMIN)),
                name="company_admins_have_every_app",
            ),
        ]


class Prompt(models.Model):
    """An in-app message, as far as the connector needs one."""

    app = models.ForeignKey(App, on_delete=models.CASCADE, related_name="prompts")
    key = models.SlugField(max_length=255)
    name = models.CharField(max_length=255)
    test_user_ids = models.JSONField(default=list)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["app", "key"], name="prompt_key_once_per_app")]

    def __str__(self) -> str:
        return self.name


class EndUser(models.Model):
    """A visitor of the customer's own site."""

    app = models.ForeignKey(App, on_delete=models.CASCADE, related_name="end_users")
    user_id = models.CharField(max_length=512)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["app", "user_id"], name="end_user_once_per_app")]
