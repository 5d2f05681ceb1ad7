"""Rows that tests start from. Each call makes its own App and account, so tests never meet."""

import uuid
from base64 import b64encode
from dataclasses import dataclass
from typing import Any

from django.test import Client

from connector.crypto import Secret
from connector.host import HostApp, Role, get_host
from connector.models import Connection
from engage_stripe.standalone import services
from engage_stripe.standalone.models import App, ConsoleUser


@dataclass(frozen=True, slots=True)
class Tenant:
    """An App of a Company of its own, its API key, and sign-ins for every role."""

    app: HostApp
    api_key: str

    @property
    def id(self) -> uuid.UUID:
        return self.app.id

    @property
    def api_headers(self) -> dict[str, str]:
        """For ``Client().get(url, headers=…)``: HTTP Basic with the App ID and the API key."""
        credentials = b64encode(f"{self.id}:{self.api_key}".encode()).decode()
        return {"Authorization": f"Basic {credentials}"}

    def client(self, role: Role = Role.APP_ADMIN) -> Client:
        """A browser that a new person with this role is signed in to."""
        client = Client()
        client.force_login(self.user(role))
        return client

    def user(self, role: Role = Role.APP_ADMIN) -> ConsoleUser:
        user = ConsoleUser.objects.create(email=f"{uuid.uuid4().hex}@example.com", name=role.label)
        services.grant_role(user=user, app=App.objects.get(id=self.id), role=role)
        return user


def make_app(*, company: str | None = None, name: str = "Shop", **fields: Any) -> Tenant:
    """A new App; two calls make two tenants unless they name the same Company."""
    company_name = company or f"Company {uuid.uuid4().hex[:8]}"
    app, api_key = services.create_app(company_name=company_name, name=name, **fields)
    host_app = get_host().app(app.id)
    assert host_app is not None
    return Tenant(app=host_app, api_key=api_key)


def make_prompt(tenant: Tenant, *, key: str = "win-back", name: str = "Win back", **fields: Any) -> str:
    """A prompt of the App; returns its id as the host has it."""
    return services.create_prompt(app=App.objects.get(id=tenant.id), key=key, name=name, **fields).key


def make_end_user(tenant: Tenant, *, user_id: str = "user-1") -> str:
    """An end user whom the host has seen."""
    services.create_end_users(app=App.objects.get(id=tenant.id), user_ids=[user_id])
    return user_id


def make_connection(*, app_id: uuid.UUID | None = None, **fields: Any) -> Connection:
    """An active test-mode connection by API key. Pass ``api_key=Secret(...)`` to reach a sandbox account."""
    defaults: dict[str, Any] = {
        "method": Connection.Method.API_KEY,
        "livemode": False,
        "status": Connection.Status.ACTIVE,
        "stripe_account_id": f"acct_{uuid.uuid4().hex[:16]}",
        "api_key": Secret(f"sk_test_{uuid.uuid4().hex}"),
        "webhook_secret": Secret(f"whsec_{uuid.uuid4().hex}"),
    }
    return Connection.objects.create(app_id=app_id or uuid.uuid4(), **{**defaults, **fields})
