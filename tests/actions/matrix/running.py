"""The cases of one row: each a click on an account of its own, and what Stripe says before and after."""

import uuid
from typing import Any

from actions.models import ActionConfig, ActionLimit
from actions.parameters import clean_parameters
from actions.registry import get_action
from connector.crypto import Secret
from sync.models import Identity
from tests.actions.matrix.circumstances import copy_of, objects_of, situation
from tests.actions.matrix.reading import Account, changes
from tests.actions.matrix.situations import Situation
from tests.actions.matrix.table import Found, Row
from tests.actions.shop import OPTIONAL, REQUIRED, Shop, Subscriber
from tests.factories import make_app, make_connection, make_prompt
from tests.sandbox_process import Sandbox, StripeAccount


def run_row(sandbox: Sandbox, row: Row) -> dict[str, Found]:
    """What the row's clicks come to, by status."""
    shop = _open_shop(sandbox, seed_key=row.seed_key)
    return {
        status: _run_case(shop, row, situation(sandbox, status, row.card, row.circumstances))
        for status in row.statuses
    }


def _open_shop(sandbox: Sandbox, *, seed_key: bool) -> Shop:
    """An App whose connection is moved from one case's account to the next one's."""
    permissions = REQUIRED if seed_key else REQUIRED + OPTIONAL
    granted = {name: {"state": "granted"} for name in permissions}
    tenant = make_app()
    connection = make_connection(app_id=tenant.id, permissions=granted)
    return Shop(tenant, connection, StripeAccount(sandbox, "", False, ""), make_prompt(tenant))


def _run_case(shop: Shop, row: Row, start: Situation) -> Found:
    account, key = copy_of(start.account, permissions=tuple(shop.connection.permissions))
    shop.connection.stripe_account_id, shop.connection.api_key = account.id, Secret(key)
    shop.connection.save()
    _configure(shop, row, start.names)
    (outcome,) = shop.click(_user(shop, start))["outcomes"]
    _check_answer(outcome, row)
    before, after = (Account(objects, start.names) for objects in (start.objects, objects_of(account)))
    told = f"{outcome['status']} {outcome.get('code', '')}".strip()
    return told, changes(before, after), len(_writes(account))


def _check_answer(outcome: dict[str, Any], row: Row) -> None:
    """What the caller needs to go on: where the user can pay or confirm, when it applies, a sentence."""
    leads_on = outcome["status"] == "requires_action" or row.action == "payment_method_link"
    assert outcome["message"]
    assert outcome["retryable"] is False
    assert outcome.get("url", "").startswith("https://") is leads_on, outcome
    assert ("apply_at" in outcome) is (outcome["status"] == "pending")


def _configure(shop: Shop, row: Row, names: dict[str, str]) -> None:
    """Once: plans, coupons and codes have the same ids in every copy. Not by the API, which would refuse a plan that is
    archived or a coupon that is used up by now: they were not when they were chosen.
    """
    limits = ActionLimit.objects.filter(connection=shop.connection)
    if limits.exists():
        return
    limits.create(connection=shop.connection, action="override_price", plans=[names["basic"]])
    given = {name: _named(value, names) for name, value in row.parameters.items()}
    ActionConfig.objects.create(
        app_id=shop.tenant.id,
        prompt_id=shop.prompt,
        interaction="accept",
        position=0,
        action=row.action,
        parameters=clean_parameters(get_action(row.action).parameters, given),
    )


def _user(shop: Shop, start: Situation) -> Subscriber:
    user = Subscriber(f"user-{uuid.uuid4().hex}", start.names["customer"])
    Identity.objects.create(app_id=shop.tenant.id, user_id=user.user_id, stripe_id=user.customer)
    return user


def _named(value: Any, names: dict[str, str]) -> Any:
    """``{pro}`` as the id that is called so."""
    return names[value[1:-1]] if isinstance(value, str) and value.startswith("{") else value


def _writes(account: StripeAccount) -> list[str]:
    """Every request but reads, refused ones included."""
    return [f"{one['method']} {one['path']}" for one in account.requests() if one["method"] != "GET"]
