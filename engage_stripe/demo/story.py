"""What the demo's steps share: the tenant, the merchant, the end user it is about."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from connector.errors import ConflictError
from connector.host import Role
from connector.models import Connection
from engage_stripe.demo import company
from engage_stripe.demo.company import Tenant
from engage_stripe.demo.merchant import Merchant, Shop
from engage_stripe.demo.screen import Screen
from sync.models import SyncRun

WORKER_FINISHES_WITHIN = 60
"""Seconds that a run of the worker gets before the demo gives up on its own turn."""


class StepFailedError(Exception):
    """What a step found is not what it must be."""


def check(holds: bool, otherwise: str) -> None:  # noqa: FBT001  reads as the sentence it is
    if not holds:
        raise StepFailedError(otherwise)


def patiently(run: Callable[[], SyncRun]) -> SyncRun:
    """Do ``run``, and again while the worker is at the same thing."""
    pause = threading.Event()
    for _ in range(WORKER_FINISHES_WITHIN * 4):
        try:
            return run()
        except ConflictError as error:
            if not error.retryable:
                raise
            pause.wait(0.25)
    raise StepFailedError(f"the worker was still at it after {WORKER_FINISHES_WITHIN} s")


@dataclass
class Story:
    """What the steps share."""

    screen: Screen
    console_url: str
    stripe_url: str
    merchant: Merchant = field(init=False)
    tenant: Tenant = field(init=False)
    shop: Shop = field(init=False)
    connection: Connection = field(init=False)
    identities: list[list[str]] = field(default_factory=list)
    user_id: str = ""
    customer: str = ""
    subscription: str = ""

    def api(self) -> httpx.Client:
        """The customer's server, calling the HTTP API with its App ID and API key."""
        credentials = (str(self.tenant.app.id), self.tenant.api_key)
        return httpx.Client(base_url=f"{self.console_url}/api/v1", auth=credentials, timeout=30)

    def traits(self) -> dict[str, object]:
        """The story's user's fifteen traits, as the API gives them."""
        with self.api() as api:
            answer = api.get(f"/users/{self.user_id}/traits/").raise_for_status().json()
        traits: dict[str, object] = answer["traits"]
        return traits

    def print_addresses(self) -> None:
        """Where to go on by hand, and as whom."""
        screen, url = self.screen, self.console_url
        screen.say("")
        screen.table(
            ["page", "address"],
            [
                ("Settings → Actions → Stripe", f"{url}/settings/actions/stripe/"),
                ("Prompts", f"{url}/prompts/"),
                ("The prompt of step 5", f"{url}/prompts/{company.PROMPT}/"),
                ("User lookup", f"{url}/settings/users/lookup/?user_id={self.user_id}"),
                ("HTTP API, described", f"{url}/api/v1/schema/"),
                ("Sandbox Stripe", f"{self.stripe_url}/"),
            ],
        )
        people = [(role_name(role), email, company.PASSWORD) for role, (_, email) in company.PEOPLE.items()]
        screen.table(["sign in as", "email", "password"], people)
        screen.say("Serving. Ctrl-C stops everything.")


def role_name(role: Role) -> str:
    return role.value.replace("_", " ").capitalize()
