"""The seam to the host product: who is signed in, which App, which users and prompts there are.

The connector never imports the host. ``ENGAGE_STRIPE["HOST"]`` names a class that implements ``EngageHost``; the
stand-in console has one, the real Engage brings its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Protocol, cast
from uuid import UUID

from django.http import HttpRequest
from django.utils.module_loading import import_string

from connector.configuration import option


class Role(StrEnum):
    """A console user's permission level in one App."""

    COMPANY_ADMIN = "company_admin"
    APP_ADMIN = "app_admin"
    APP_MEMBER = "app_member"
    READ_ONLY = "read_only"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()

    @property
    def may_change_settings(self) -> bool:
        return self in {Role.COMPANY_ADMIN, Role.APP_ADMIN}

    @property
    def may_edit_prompts(self) -> bool:
        return self is not Role.READ_ONLY


@dataclass(frozen=True, slots=True)
class HostApp:
    """One site or application of a Company. ``timezone`` is an IANA name, ``domains`` are bare host names."""

    id: UUID
    name: str
    company_name: str
    timezone: str = "UTC"
    domains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HostPrompt:
    """An in-app message. ``test_user_ids`` limits it before launch; empty means everyone."""

    id: str
    name: str
    test_user_ids: tuple[str, ...] = ()


class EngageHost(Protocol):
    """What the connector asks of the product it is embedded in. All look-ups are scoped to one App."""

    def current_app(self, request: HttpRequest) -> HostApp | None:
        """The App that the console request works in, or None when nobody is signed in or has no App."""

    def role(self, request: HttpRequest, app_id: UUID) -> Role | None:
        """The signed-in console user's role in the App, or None without one."""

    def app(self, app_id: UUID) -> HostApp | None:
        """The App by id."""

    def apps_of_company(self, app_id: UUID) -> Sequence[HostApp]:
        """All Apps of the Company that owns this App, this one included."""

    def has_domain(self, domain: str) -> bool:
        """Whether any App lists this host name among its domains; asked where a request names no App."""

    def authenticate_api(self, app_id: str, api_key: str) -> HostApp | None:
        """The App whose current API key this is; None for a wrong id, a wrong or a rotated key."""

    def admins(self, app_id: UUID) -> Sequence[tuple[str, str]]:
        """(name, email) of everyone who may change this App's settings."""

    def prompts(self, app_id: UUID) -> Sequence[HostPrompt]:
        """The App's prompts in display order."""

    def prompt(self, app_id: UUID, prompt_id: str) -> HostPrompt | None:
        """One prompt of the App. Where the answer is yes, each process asks again after ten seconds only."""

    def adopt_prompt(self, app_id: UUID, prompt_id: str) -> HostPrompt | None:
        """The prompt that the App's own server configures through the API; None where there is no such prompt.

        A host whose prompts come to be in its console answers as ``prompt`` does; the stand-in makes it known.
        """

    def knows_user(self, app_id: UUID, user_id: str) -> bool:
        """Whether the host has seen this end user."""


@cache
def get_host() -> EngageHost:
    """The host named by ``ENGAGE_STRIPE["HOST"]``."""
    return cast("EngageHost", import_string(option("HOST"))())
