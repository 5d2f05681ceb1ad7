"""API keys: https://docs.stripe.com/keys."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import stripe

from engage_stripe.sandbox.demo import DEMO_KEYS
from tests.sandbox_process import Sandbox, StripeAccount


def _code(error: stripe.StripeError) -> object:
    """The SDK drops the code of authentication and permission errors."""
    body: Any = error.json_body
    return body["error"].get("code")


def test_it_opens_an_empty_account_for_an_unknown_secret_key(sandbox: Sandbox) -> None:
    """Ours: Stripe knows no such key, see docs/sandbox.md."""
    first, second = (sandbox.client(f"sk_test_{secrets.token_hex(12)}") for _ in range(2))
    first.v1.customers.create()
    assert len(first.v1.customers.list().data) == 1
    assert second.v1.customers.list().data == []


@pytest.mark.parametrize("key", ["rk_test_unknown12345", "sk_live_unknown12345", "nonsense"])
def test_it_refuses_any_other_unknown_key(sandbox: Sandbox, key: str) -> None:
    """https://docs.stripe.com/api/errors: 401, no valid key."""
    with pytest.raises(stripe.AuthenticationError, match="Invalid API Key provided") as refusal:
        sandbox.client(key).v1.customers.list()
    assert refusal.value.http_status == 401
    assert key not in str(refusal.value)


def test_it_refuses_a_request_without_a_key(sandbox: Sandbox) -> None:
    """https://docs.stripe.com/api/authentication."""
    answer = httpx.get(f"{sandbox.url}/v1/customers")
    assert answer.status_code == 401
    assert answer.json()["error"]["message"].startswith("You did not provide an API key.")


def test_it_takes_the_key_as_a_user_name(sandbox: Sandbox, stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/api/authentication"""
    answer = httpx.get(f"{sandbox.url}/v1/customers", auth=(stripe_account.secret_key, ""))
    assert answer.status_code == 200


def test_it_refuses_a_publishable_key(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/error-codes#secret-key-required."""
    client = stripe_account.sandbox.client(stripe_account.publishable_key())
    with pytest.raises(stripe.AuthenticationError) as refusal:
        client.v1.customers.list()
    assert _code(refusal.value) == "secret_key_required"


@pytest.mark.parametrize(("end", "code"), [("expire", "api_key_expired"), ("revoke", None)])
def test_it_refuses_a_key_that_ended(stripe_account: StripeAccount, end: str, code: str | None) -> None:
    """https://docs.stripe.com/error-codes#api-key-expired; a revoked key is like an unknown one."""
    key = stripe_account.restricted_key(["rak_customer_read"])
    client = stripe_account.sandbox.client(key)
    client.v1.customers.list()
    stripe_account.sandbox.admin("POST", f"keys/{key}/{end}")
    with pytest.raises(stripe.AuthenticationError) as refusal:
        client.v1.customers.list()
    assert _code(refusal.value) == code


def test_it_names_the_permission_that_is_missing(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/keys/restricted-api-keys: the answer has no code."""
    key = stripe_account.restricted_key(["rak_customer_read"])
    with pytest.raises(stripe.PermissionError) as refusal:
        stripe_account.sandbox.client(key).v1.customers.create()
    assert refusal.value.http_status == 403
    assert _code(refusal.value) is None
    assert re.fullmatch(
        rf"The provided key 'rk_test_\*+{key[-6:]}' does not have the required permissions for this endpoint on "
        rf"account '{stripe_account.id}'\. Having the 'rak_customer_write' permission would allow this "
        r"request to continue\.",
        str(refusal.value.user_message),
    )


def test_it_lets_write_read(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/keys/restricted-api-keys: write includes read."""
    key = stripe_account.restricted_key(["rak_customer_write"])
    stripe_account.sandbox.client(key).v1.customers.list()


@pytest.mark.parametrize(
    ("read", "permission"),
    [
        (lambda v1: v1.invoices.list(), "rak_invoice_read"),
        (lambda v1: v1.events.list(), "rak_event_read"),
        (lambda v1: v1.webhook_endpoints.list(), "rak_webhook_read"),
        (lambda v1: v1.accounts.retrieve_current(), "rak_accounts_kyc_basic_read"),
        (lambda v1: v1.payment_methods.retrieve("pm_none"), "rak_payment_method_read"),
    ],
)
def test_it_gives_the_guides_key_six_permissions_and_no_more(
    sandbox: Sandbox, read: Callable[[Any], object], permission: str
) -> None:
    """https://docs.stripe.com/keys/permissions-reference names what each endpoint needs."""
    seed = next(key for key in DEMO_KEYS if key.value.startswith("rk_test_demoSeed"))
    v1 = sandbox.client(seed.value).v1
    v1.customers.list()
    v1.subscriptions.list()
    v1.products.list()
    v1.prices.list()
    v1.coupons.list()
    v1.promotion_codes.list()
    with pytest.raises(stripe.PermissionError, match=f"'{permission}'"):
        read(v1)


def test_it_tells_a_missing_permission_before_a_missing_object(stripe_account: StripeAccount) -> None:
    """So a harmless probe can tell the two apart: 403 means no permission, 404 means no object."""
    key = stripe_account.restricted_key(["rak_customer_write"])
    v1 = stripe_account.sandbox.client(key).v1
    with pytest.raises(stripe.InvalidRequestError) as allowed:
        v1.customers.update("cus_none", {"name": "x"})
    assert allowed.value.http_status == 404
    with pytest.raises(stripe.PermissionError):
        v1.subscriptions.update("sub_none", {"metadata": {}})


def test_it_keeps_accounts_apart(sandbox: Sandbox) -> None:
    """https://docs.stripe.com/error-codes#resource-missing."""
    first, second = sandbox.open_account(), sandbox.open_account()
    customer = first.client.v1.customers.create()
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        second.client.v1.customers.retrieve(customer.id)
    assert refusal.value.http_status == 404


def test_it_refuses_the_account_of_a_stranger(sandbox: Sandbox) -> None:
    """https://docs.stripe.com/connect/authentication"""
    stranger = sandbox.open_account()
    client = sandbox.client(sandbox.open_account().secret_key, stripe_account=stranger.id)
    with pytest.raises(stripe.PermissionError, match="does not have access to account") as refusal:
        client.v1.customers.list()
    assert _code(refusal.value) == "account_invalid"


def test_it_keeps_live_and_test_apart(sandbox: Sandbox) -> None:
    """https://docs.stripe.com/keys#test-live-modes."""
    live = sandbox.open_account(livemode=True)
    assert live.secret_key.startswith("sk_live_")
    assert live.client.v1.customers.create().livemode is True


def test_it_tells_of_a_similar_object_in_the_other_mode(sandbox: Sandbox) -> None:
    """https://docs.stripe.com/error-codes#resource-missing"""
    live = sandbox.open_account(livemode=True)
    customer = live.client.v1.customers.create()
    made = sandbox.admin("POST", "keys", account=live.id, kind="secret", livemode=False)
    with pytest.raises(stripe.InvalidRequestError, match="a similar object exists in live mode, but a test mode"):
        sandbox.client(made["key"]).v1.customers.retrieve(customer.id)
