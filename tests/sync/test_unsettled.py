"""A reconciliation right after an event: what it reads is too early to be believed, and is not lost all the same."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from connector.models import Connection
from sync import inbox, unsettled
from sync.models import Identity, RefreshRequest, StripeEvent, SyncRun, UserTraits
from sync.projection import project_users
from sync.reconciliation import reconcile
from tests.sandbox_process import StripeAccount


def deliver_everything(connection: Connection, account: StripeAccount) -> None:
    """Apply all events that the account has had so far, as if their webhooks had come."""
    url = f"{account.sandbox.url}/v1/events?limit=100"
    for event in httpx.get(url, auth=(account.secret_key, "")).json()["data"]:
        StripeEvent.objects.create(
            connection=connection,
            event_id=event["id"],
            type=event["type"],
            created=datetime.fromtimestamp(event["created"], UTC),
            livemode=False,
            payload=json.dumps(event),
        )
    inbox.drain()


def make_stripe_ahead_of_events(connection: Connection, account: StripeAccount) -> None:
    """Ada's subscription is to end, and only Stripe knows; everything else it said in the same second has come."""
    stripe = account.client.v1
    product = stripe.products.create({"name": "Pro"}).id
    price = stripe.prices.create(
        {"product": product, "unit_amount": 900, "currency": "usd", "recurring": {"interval": "month"}}
    ).id
    customer = stripe.customers.create({}).id
    subscription = stripe.subscriptions.create(
        {"customer": customer, "items": [{"price": price}], "trial_period_days": 7}
    ).id
    Identity.objects.create(app_id=connection.app_id, user_id="ada", stripe_id=customer)
    deliver_everything(connection, account)
    project_users(app_id=connection.app_id, user_ids=["ada"], source={})
    assert UserTraits.objects.get().cancel_at_period_end is False
    stripe.subscriptions.update(subscription, {"cancel_at_period_end": True})


def told(run: SyncRun) -> set[tuple[str, object]]:
    return {(change["trait"], change["after"]) for drift in run.drifts.all() for change in drift.traits}


@pytest.mark.django_db(transaction=True)
def test_it_finds_and_heals_what_no_event_told(connection: Connection, stripe_account: StripeAccount) -> None:
    make_stripe_ahead_of_events(connection, stripe_account)

    run = reconcile(connection=connection)

    assert run.state == run.State.DONE
    assert ("cancel_at_period_end", True) in told(run)
    assert UserTraits.objects.get().cancel_at_period_end is True
    assert not RefreshRequest.objects.filter(object_type="customer").exists()


@pytest.mark.django_db(transaction=True)
def test_it_reports_what_it_healed_right_before_it_was_killed(
    connection: Connection, stripe_account: StripeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_stripe_ahead_of_events(connection, stripe_account)
    take_in, killed = unsettled.take_in, []

    def take_in_and_die(*args: Any, **kwargs: Any) -> Any:
        changes = take_in(*args, **kwargs)
        if changes and not killed:
            killed.append(True)
            raise KeyboardInterrupt  # which nothing catches, as nothing catches SIGKILL
        return changes

    monkeypatch.setattr(unsettled, "take_in", take_in_and_die)
    with pytest.raises(KeyboardInterrupt):
        reconcile(connection=connection)
    run = reconcile(connection=connection)

    assert run.state == run.State.DONE
    assert ("cancel_at_period_end", True) in told(run)
    assert UserTraits.objects.get().cancel_at_period_end is True
