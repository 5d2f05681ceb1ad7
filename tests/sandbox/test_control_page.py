"""The control page and its buttons."""

from __future__ import annotations

import time

import httpx
import pytest
from stripe import WebhookSignature

from tests.sandbox.receiver import receiving
from tests.sandbox_process import StripeAccount, running_sandbox


def subscribe(account: StripeAccount) -> str:
    """A monthly subscription of a customer whose card pays."""
    v1 = account.client.v1
    product = v1.products.create({"name": "Premium"})
    price = v1.prices.create(
        {"product": product.id, "currency": "usd", "unit_amount": 1900, "recurring": {"interval": "month"}}
    )
    customer = v1.customers.create(
        {
            "email": "ada@example.com",
            "payment_method": "pm_card_visa",
            "invoice_settings": {"default_payment_method": "pm_card_visa"},
        }
    )
    return v1.subscriptions.create({"customer": customer.id, "items": [{"price": price.id}]}).id


@pytest.fixture
def subscription_id(stripe_account: StripeAccount) -> str:
    return subscribe(stripe_account)


def show(account: StripeAccount) -> str:
    url = f"{account.sandbox.url}/?account={account.id}&mode=test"
    return httpx.get(url, follow_redirects=True).raise_for_status().text


def press(account: StripeAccount, action: str, id: str = "") -> str:
    """Press a button; returns the page that follows."""
    form = {"account": account.id, "mode": "test", "id": id}
    answer = httpx.post(f"{account.sandbox.url}/control/{action}", data=form, follow_redirects=True, timeout=60)
    return answer.raise_for_status().text


def test_it_opens_on_the_demo_account(stripe_account: StripeAccount) -> None:
    assert "acct_1EngageDemo000000" in httpx.get(stripe_account.sandbox.url).text


def test_it_shows_an_account(stripe_account: StripeAccount, subscription_id: str) -> None:
    page = show(stripe_account)
    for shown in ("ada@example.com", "Premium", "USD 19.00 a month", subscription_id, "•••• 4242"):
        assert shown in page


def test_it_escapes_what_customers_are_called(stripe_account: StripeAccount) -> None:
    stripe_account.client.v1.customers.create({"name": "<script>alert(1)</script>"})
    assert "<script>alert(1)" not in show(stripe_account)


def test_it_cancels(stripe_account: StripeAccount, subscription_id: str) -> None:
    press(stripe_account, "cancel", subscription_id)
    found = stripe_account.client.v1.subscriptions.retrieve(subscription_id)
    assert found.status == "canceled"


def test_it_cancels_at_the_end_of_the_period(stripe_account: StripeAccount, subscription_id: str) -> None:
    press(stripe_account, "cancel_at_period_end", subscription_id)
    found = stripe_account.client.v1.subscriptions.retrieve(subscription_id)
    assert (found.status, found.cancel_at_period_end) == ("active", True)


def test_it_fails_the_next_payment_and_lets_it_recover() -> None:
    # https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses
    with running_sandbox() as own, receiving() as receiver:
        account = own.open_account()
        subscription_id = subscribe(account)
        v1 = account.client.v1
        endpoint = v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
        customer = str(v1.subscriptions.retrieve(subscription_id).customer)
        press(account, "fail_payments", customer)
        press(account, "advance_month")
        press(account, "advance_month")
        assert v1.subscriptions.retrieve(subscription_id).status != "active"
        assert v1.customers.retrieve(customer).delinquent is True
        assert "•••• 0341" in show(account)
        press(account, "fix_card", customer)
        assert "•••• 4242" in show(account)
        assert "invoice.payment_failed" in receiver.types
        for sent in receiver.received:
            assert WebhookSignature.verify_header(sent.body, sent.signature, endpoint.secret, 300)
            assert abs(signed_at(sent.signature) - time.time()) < 300


def signed_at(signature: str) -> int:
    """Receivers may refuse what claims to be from the future."""
    return int(signature.split(",", maxsplit=1)[0].removeprefix("t="))


def test_it_withholds_and_releases_webhooks(stripe_account: StripeAccount) -> None:
    with receiving() as receiver:
        stripe_account.client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
        press(stripe_account, "withhold")
        stripe_account.client.v1.customers.create({"name": "Ada"})
        assert "Release 1 withheld" in show(stripe_account)
        assert receiver.names == []
        press(stripe_account, "release")
        assert receiver.names == ["Ada"]


def test_it_says_why_a_button_did_nothing(stripe_account: StripeAccount) -> None:
    assert "No such subscription" in press(stripe_account, "cancel", "sub_gone")
