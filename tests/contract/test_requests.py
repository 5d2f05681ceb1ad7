"""The gateway's requests against Stripe's description. The whole suite's are checked when its sandbox stops."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from connector.crypto import Secret
from connector.models import Connection
from connector.stripe_gateway import StripeGateway
from tests.contract.known_differences import PARAMETERS, Parameter
from tests.contract.openapi import request_errors
from tests.contract.whole_suite import gateway_request_errors
from tests.sandbox.shop import Shop
from tests.sandbox_process import StripeAccount

pytestmark = pytest.mark.django_db


@pytest.fixture
def gateway(settings: Any, stripe_account: StripeAccount) -> StripeGateway:
    settings.ENGAGE_STRIPE = {**settings.ENGAGE_STRIPE, "STRIPE_API_BASE": stripe_account.sandbox.url}
    return StripeGateway(
        Connection(
            app_id=uuid.uuid4(),
            method=Connection.Method.API_KEY,
            livemode=False,
            stripe_account_id=stripe_account.id,
            api_key=Secret(stripe_account.secret_key),
        )
    )


def test_it_asks_as_stripe_describes(gateway: StripeGateway, stripe_account: StripeAccount) -> None:
    shop = Shop(stripe_account)
    created = gateway.create_subscription(
        {
            "customer": shop.customer,
            "items": [{"price": shop.basic}],
            "payment_behavior": "error_if_incomplete",
            "billing_mode": {"type": "flexible"},
        },
        idempotency_key="create",
    ).data
    item = created["items"]["data"][0]["id"]
    change: Any = {"items": [{"id": item, "price": shop.premium}], "proration_behavior": "always_invoice"}
    gateway.preview_invoice({"subscription": created["id"], "subscription_details": change})
    gateway.update_subscription(
        created["id"], {**change, "billing_cycle_anchor": {"type": "now"}}, idempotency_key="update"
    )
    gateway.pause_subscription(created["id"], {"type": "subscription"}, idempotency_key="pause")
    gateway.resume_subscription(created["id"], {"billing_cycle_anchor": {"type": "now"}}, idempotency_key="resume")
    gateway.subscriptions.page({"customer": shop.customer, "status": "all", "created": {"gte": 0}})
    gateway.retrieve_customer(shop.customer, expand=["subscriptions"])
    gateway.cancel_subscription(created["id"], {"prorate": True, "invoice_now": True})
    log = stripe_account.requests(client="engage")
    assert {entry["status"] for entry in log} == {200}
    assert gateway_request_errors(log) == []


@pytest.mark.parametrize(
    ("method", "path", "params"),
    [
        ("POST", "/v1/subscriptions/sub_1", {"proration_behaviour": "none"}),
        ("POST", "/v1/subscriptions/sub_1", {"proration_behavior": "sometimes"}),
        ("POST", "/v1/subscriptions/sub_1", {"cancel_at_period_end": "yes"}),
        ("POST", "/v1/subscriptions", {"items": [{"price": "price_1"}], "quantity": 2}),
        ("GET", "/v1/subscriptions", {"status": "gone"}),
        ("POST", "/v1/subscription", {}),
        ("DELETE", "/v1/invoices/in_1/pay", {}),
    ],
)
def test_it_notices_what_stripe_does_not_describe(method: str, path: str, params: dict[str, Any]) -> None:
    assert request_errors(method, path, params) != []


@pytest.mark.parametrize("difference", PARAMETERS, ids=lambda each: f"{each.route} {each.path}")
def test_it_names_the_source_of_each_known_difference(difference: Parameter) -> None:
    assert difference.source.startswith("https://docs.stripe.com/changelog")
