"""Webhooks as a receiver sees them. https://docs.stripe.com/webhooks"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from stripe import InvalidRequestError, WebhookSignature

from tests.sandbox.receiver import Receiver, receiving
from tests.sandbox.shop import Shop
from tests.sandbox_process import Sandbox, StripeAccount


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


def create_endpoint(account: StripeAccount, receiver: Receiver, **params: Any) -> Any:
    return account.client.v1.webhook_endpoints.create(
        {"url": receiver.url, "enabled_events": ["customer.created"], **params}
    )


def create_customers(account: StripeAccount, *names: str) -> None:
    for name in names:
        account.client.v1.customers.create({"name": name})


def disturb(account: StripeAccount, kind: str, **fields: Any) -> None:
    account.sandbox.admin("POST", "webhooks", kind=kind, account=account.id, **fields)


def drain(sandbox: Sandbox) -> dict[str, Any]:
    return sandbox.admin("POST", "webhooks/drain")


def deliveries(account: StripeAccount, **where: str) -> list[dict[str, Any]]:
    """The account's deliveries, oldest first."""
    found = account.sandbox.admin("GET", "deliveries", account=account.id, **where)
    return list(reversed(found["data"]))


def test_it_delivers_signed_events(stripe_account: StripeAccount, receiver: Receiver) -> None:
    """https://docs.stripe.com/webhooks#verify-manually."""
    endpoint = create_endpoint(stripe_account, receiver)
    create_customers(stripe_account, "Ada")
    drain(stripe_account.sandbox)
    [received] = receiver.received
    assert WebhookSignature.verify_header(received.body, received.signature, endpoint.secret, 300)
    assert received.event["data"]["object"]["name"] == "Ada"
    assert received.event["livemode"] is False
    assert received.event["pending_webhooks"] == 1
    assert stripe_account.client.v1.events.retrieve(received.event["id"]).pending_webhooks == 0
    assert "account" not in received.event


def test_it_sends_only_the_enabled_events(stripe_account: StripeAccount, receiver: Receiver) -> None:
    # https://docs.stripe.com/api/webhook_endpoints/create#create_webhook_endpoint-enabled_events
    create_endpoint(stripe_account, receiver, enabled_events=["customer.updated"])
    created = stripe_account.client.v1.customers.create({"name": "Ada"})
    stripe_account.client.v1.customers.update(created.id, {"name": "Grace"})
    drain(stripe_account.sandbox)
    assert receiver.types == ["customer.updated"]


def test_it_sends_everything_to_a_star(stripe_account: StripeAccount, receiver: Receiver) -> None:
    """https://docs.stripe.com/api/webhook_endpoints/create#create_webhook_endpoint-enabled_events."""
    create_endpoint(stripe_account, receiver, enabled_events=["*"])
    created = stripe_account.client.v1.customers.create({"name": "Ada"})
    stripe_account.client.v1.customers.delete(created.id)
    drain(stripe_account.sandbox)
    assert receiver.types == ["customer.created", "customer.deleted"]


def test_it_leaves_disabled_endpoints_alone(stripe_account: StripeAccount, receiver: Receiver) -> None:
    # https://docs.stripe.com/webhooks#disable
    endpoint = create_endpoint(stripe_account, receiver)
    stripe_account.client.v1.webhook_endpoints.update(endpoint.id, {"disabled": True})
    create_customers(stripe_account, "Ada")
    drain(stripe_account.sandbox)
    assert receiver.received == []


def test_it_renders_the_version_of_the_endpoint(stripe_account: StripeAccount, receiver: Receiver) -> None:
    # https://docs.stripe.com/webhooks/versioning
    create_endpoint(stripe_account, receiver, api_version="2019-03-14")
    create_endpoint(stripe_account, receiver)
    create_customers(stripe_account, "Ada")
    drain(stripe_account.sandbox)
    versions = {received.event["api_version"] for received in receiver.received}
    assert versions == {"2019-03-14", "2026-10-28.endive"}


def test_it_renders_subscriptions_as_old_endpoints_know_them(
    stripe_account: StripeAccount, receiver: Receiver
) -> None:
    # https://docs.stripe.com/changelog/basil/2025-03-31/deprecate-subscription-current-period-start-and-end
    # https://docs.stripe.com/changelog/clover/2025-09-30/add-discount-source-property
    create_endpoint(
        stripe_account,
        receiver,
        api_version="2019-03-14",
        enabled_events=["customer.subscription.created", "customer.discount.created"],
    )
    shop = Shop(stripe_account)
    coupon = shop.stripe.coupons.create({"percent_off": 10, "duration": "forever", "name": "Winter"})
    sub = shop.subscribe(discounts=[{"coupon": coupon.id}])
    drain(stripe_account.sandbox)
    sent = {received.event["type"]: received.event["data"]["object"] for received in receiver.received}
    created = sent["customer.subscription.created"]
    item = sub["items"].data[0]
    assert created["current_period_end"] == item.current_period_end
    assert created["plan"]["id"] == shop.basic
    assert created["discount"]["coupon"]["name"] == "Winter"
    assert "current_period_end" not in created["items"]["data"][0]
    assert sent["customer.discount.created"]["coupon"]["name"] == "Winter"


def test_it_keeps_an_account_to_itself(sandbox: Sandbox, receiver: Receiver) -> None:
    create_endpoint(sandbox.open_account(), receiver)
    create_customers(sandbox.open_account(), "Ada")
    drain(sandbox)
    assert receiver.received == []


def test_it_retries_until_the_endpoint_answers_2xx(stripe_account: StripeAccount, receiver: Receiver) -> None:
    # https://docs.stripe.com/webhooks#automatic-retries: three more times in test mode
    create_endpoint(stripe_account, receiver)
    receiver.statuses.extend([500, 302, 400])
    create_customers(stripe_account, "Ada")
    for _ in range(4):
        stripe_account.sandbox.admin("POST", "webhooks/flush")
    [delivery] = deliveries(stripe_account)
    assert delivery["state"] == "delivered"
    assert [attempt["status"] for attempt in delivery["attempts"]] == [500, 302, 400, 200]
    assert len({received.body for received in receiver.received}) == 1


def test_it_gives_up_after_the_last_retry(stripe_account: StripeAccount, receiver: Receiver) -> None:
    """https://docs.stripe.com/webhooks#automatic-retries: three more times in test mode."""
    create_endpoint(stripe_account, receiver)
    receiver.statuses.extend([500] * 5)
    create_customers(stripe_account, "Ada")
    for _ in range(5):
        stripe_account.sandbox.admin("POST", "webhooks/flush")
    [delivery] = deliveries(stripe_account)
    assert (delivery["state"], len(delivery["attempts"])) == ("failed", 4)


def test_it_stops_retrying_when_the_endpoint_is_gone(stripe_account: StripeAccount, receiver: Receiver) -> None:
    # https://docs.stripe.com/webhooks#automatic-retries
    endpoint = create_endpoint(stripe_account, receiver)
    receiver.statuses.append(500)
    create_customers(stripe_account, "Ada")
    drain(stripe_account.sandbox)
    stripe_account.client.v1.webhook_endpoints.delete(endpoint.id)
    stripe_account.sandbox.admin("POST", "webhooks/flush")
    [delivery] = deliveries(stripe_account)
    assert (delivery["state"], len(receiver.received)) == ("abandoned", 1)


def test_it_notes_an_endpoint_that_does_not_answer(stripe_account: StripeAccount) -> None:
    with receiving() as gone:
        create_endpoint(stripe_account, gone)
    create_customers(stripe_account, "Ada")
    drain(stripe_account.sandbox)
    [delivery] = deliveries(stripe_account)
    assert delivery["state"] == "scheduled"
    assert delivery["attempts"][0]["error"] == "ConnectError"


def test_it_withholds_until_released(stripe_account: StripeAccount, receiver: Receiver) -> None:
    create_endpoint(stripe_account, receiver)
    disturb(stripe_account, "withhold", count=2)
    create_customers(stripe_account, "a", "b", "c")
    drain(stripe_account.sandbox)
    assert receiver.names == ["c"]
    stripe_account.sandbox.admin("POST", "webhooks/release", order="reversed")
    assert receiver.names == ["c", "b", "a"]


def test_it_delays(stripe_account: StripeAccount, receiver: Receiver) -> None:
    create_endpoint(stripe_account, receiver)
    disturb(stripe_account, "delay", seconds=3600)
    create_customers(stripe_account, "late", "punctual")
    drain(stripe_account.sandbox)
    assert receiver.names == ["punctual"]
    stripe_account.sandbox.admin("POST", "webhooks/flush")
    assert receiver.names == ["punctual", "late"]


def test_it_duplicates(stripe_account: StripeAccount, receiver: Receiver) -> None:
    # https://docs.stripe.com/webhooks#handle-duplicate-events
    create_endpoint(stripe_account, receiver)
    disturb(stripe_account, "duplicate", copies=2)
    create_customers(stripe_account, "Ada")
    drain(stripe_account.sandbox)
    assert len({received.event["id"] for received in receiver.received}) == 1
    assert len(receiver.received) == 3


def test_it_reorders(stripe_account: StripeAccount, receiver: Receiver) -> None:
    # https://docs.stripe.com/webhooks#event-ordering
    create_endpoint(stripe_account, receiver)
    disturb(stripe_account, "reorder", count=4)
    create_customers(stripe_account, "a", "b", "c", "d")
    drain(stripe_account.sandbox)
    assert sorted(name or "" for name in receiver.names) == ["a", "b", "c", "d"]
    assert receiver.names != ["a", "b", "c", "d"]


def test_it_resends_a_delivery(stripe_account: StripeAccount, receiver: Receiver) -> None:
    """https://docs.stripe.com/webhooks/process-undelivered-events: by hand, from the Dashboard."""
    create_endpoint(stripe_account, receiver)
    create_customers(stripe_account, "Ada")
    drain(stripe_account.sandbox)
    [delivery] = deliveries(stripe_account, state="delivered")
    stripe_account.sandbox.admin("POST", f"deliveries/{delivery['id']}/resend")
    drain(stripe_account.sandbox)
    assert receiver.names == ["Ada", "Ada"]


def test_it_signs_with_both_secrets_while_one_rolls(stripe_account: StripeAccount, receiver: Receiver) -> None:
    # https://docs.stripe.com/webhooks#roll-endpoint-secrets
    endpoint = create_endpoint(stripe_account, receiver)
    path = f"webhook_endpoints/{endpoint.id}/roll_secret"
    rolled = stripe_account.sandbox.admin("POST", path, expires_in=3600)
    create_customers(stripe_account, "Ada")
    drain(stripe_account.sandbox)
    [received] = receiver.received
    for secret in (endpoint.secret, rolled["secret"]):
        assert WebhookSignature.verify_header(received.body, received.signature, secret)


def test_it_shows_the_secret_only_at_creation(stripe_account: StripeAccount, receiver: Receiver) -> None:
    # https://docs.stripe.com/api/webhook_endpoints/object#webhook_endpoint_object-secret
    created = create_endpoint(stripe_account, receiver)
    shown = stripe_account.client.v1.webhook_endpoints.retrieve(created.id).to_dict()
    assert created.secret.startswith("whsec_")
    assert shown.keys() & {"secret", "connect", "previous_secret"} == set()


def test_it_wants_https_in_live_mode(sandbox: Sandbox) -> None:
    # https://docs.stripe.com/webhooks#register-webhook
    live = sandbox.open_account(livemode=True)
    with pytest.raises(InvalidRequestError, match="HTTPS"):
        live.client.v1.webhook_endpoints.create({"url": "http://example.com/hooks", "enabled_events": ["*"]})


def test_it_lets_only_platforms_have_connect_endpoints(stripe_account: StripeAccount, receiver: Receiver) -> None:
    """https://docs.stripe.com/api/webhook_endpoints/create#create_webhook_endpoint-connect."""
    with pytest.raises(InvalidRequestError, match="Connect platforms"):
        create_endpoint(stripe_account, receiver, connect=True)
