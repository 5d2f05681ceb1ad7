"""The App, its users, their customers and the bare requests' ones, once Django is set up; see ``clicks.py``."""

import os
from base64 import b64encode
from dataclasses import dataclass
from typing import Any

import httpx
from django.apps import apps
from django.db import connection as database

from actions.configuration import replace_actions
from connector.crypto import Secret
from connector.models import Connection
from connector.stripe_gateway import StripeGateway
from engage_stripe.standalone import services
from sync.catalogue import sync_catalogue
from sync.models import Identity, Price
from sync.projection import project_users
from sync.reconciliation import reconcile


@dataclass(frozen=True)
class Shop:
    """``users`` have a monthly plan, and the prompt switches them to the plan ``price``. ``others`` are subscriptions
    of customers that no user is linked to.
    """

    stripe: str
    key: Secret
    headers: dict[str, str]
    path: str
    users: list[str]
    price: str
    others: list[dict[str, Any]]


def open_shop(base: str, *, users: int, others: int) -> Shop:
    account = httpx.post(f"{base}/_sandbox/accounts", json={}).json()
    body = {
        "account": account["account"],
        "subscriptions": (users + others) * 3,
    }  # 0.4 active on one of the two plans
    httpx.post(f"{base}/_sandbox/generate", json=body, timeout=600).raise_for_status()
    app, api_key = services.create_app(company_name="Benchmark", name="Shop")
    prompt = services.create_prompt(app=app, key="upsell", name="Upsell").key
    connection = Connection.objects.create(
        app_id=app.id, method="api_key", livemode=False, status="active",
        stripe_account_id=account["account"], api_key=Secret(account["secret_key"]),
        permissions={"rak_subscription_write": {"state": "granted"}},
    )  # fmt: skip
    sync_catalogue(connection=connection)
    reconcile(connection=connection)
    target = Price.objects.get(connection=connection, unit_amount=4900)
    found = _subscriptions_to(connection, Price.objects.filter(connection=connection, unit_amount__in=[900, 1900]))
    linked = [
        Identity(app_id=app.id, user_id=f"user-{number}", stripe_id=one["customer"])
        for number, one in enumerate(found[:users])
    ]
    Identity.objects.bulk_create(linked)
    action = {"action": "update_subscription", "parameters": {"price": target.stripe_id}}
    replace_actions(
        app_id=app.id, prompt_id=prompt, interaction="accept", actions=[action], changed_by="benchmark"
    )
    for start in range(0, users, 1000):
        names = [identity.user_id for identity in linked[start : start + 1000]]
        project_users(app_id=app.id, user_ids=names, source={})
    _let_it_settle()
    credentials = b64encode(f"{app.id}:{api_key}".encode()).decode()
    return Shop(
        stripe=base,
        key=connection.api_key,
        headers={"Authorization": f"Basic {credentials}", "Content-Type": "application/json"},
        path=f"/api/v1/prompts/{prompt}/interactions/accept/execute/",
        users=[identity.user_id for identity in linked],
        price=target.stripe_id,
        others=found[users : users + others],
    )


def _let_it_settle() -> None:
    """As a minute of rest would, after the tables were filled."""
    filled = ", ".join(model._meta.db_table for model in apps.get_app_config("stripe_sync").get_models())
    with database.cursor() as cursor:
        cursor.execute(f"VACUUM (ANALYZE) {filled}")
        cursor.execute("CHECKPOINT")
    os.sync()  # or the disk is still busy with what filled them


def _subscriptions_to(connection: Connection, prices: Any) -> list[dict[str, Any]]:
    """One of each customer."""
    wanted = {price.stripe_id for price in prices}
    pages = StripeGateway(connection).subscriptions.pages({"status": "active"})
    found = [one for page in pages for one in page.items if one["items"]["data"][0]["price"]["id"] in wanted]
    return list({one["customer"]: one for one in found}.values())
