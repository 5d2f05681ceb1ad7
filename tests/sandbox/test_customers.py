"""Customers through the official SDK: https://docs.stripe.com/api/customers."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.sandbox_process import StripeAccount


def test_it_creates_and_retrieves_a_customer(stripe_account: StripeAccount) -> None:
    customers = stripe_account.client.v1.customers
    created = customers.create({"email": "ada@example.com", "metadata": {"plan": "gold"}})
    found = customers.retrieve(created.id)
    assert found.to_dict() == created.to_dict()
    assert found.email == "ada@example.com"
    assert found.livemode is False


def test_it_unsets_a_field_and_drops_a_metadata_key(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/api/metadata: an empty value unsets."""
    customers = stripe_account.client.v1.customers
    created = customers.create({"name": "Ada", "metadata": {"a": "1", "b": "2"}})
    updated = customers.update(created.id, {"name": "", "metadata": {"a": ""}})
    assert updated.name is None
    assert updated.metadata is not None
    assert updated.metadata.to_dict() == {"b": "2"}


def test_it_answers_deleted_for_a_deleted_customer(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/api/customers/retrieve"""
    customers = stripe_account.client.v1.customers
    created = customers.create()
    customers.delete(created.id)
    assert customers.retrieve(created.id).to_dict() == {
        "id": created.id,
        "object": "customer",
        "deleted": True,
    }


def test_it_refuses_an_unknown_customer(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/error-codes#resource-missing."""
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        stripe_account.client.v1.customers.retrieve("cus_none")
    assert refusal.value.http_status == 404
    assert refusal.value.code == "resource_missing"
    assert refusal.value.user_message == "No such customer: 'cus_none'"


def test_it_finds_customers_by_exact_email(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/api/customers/list: the filter is case-sensitive."""
    customers = stripe_account.client.v1.customers
    wanted = customers.create({"email": "Ada@example.com"})
    customers.create({"email": "ada@example.com"})
    found = customers.list({"email": "Ada@example.com"})
    assert [each.id for each in found.data] == [wanted.id]


def test_it_keeps_what_invoices_should_show(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/api/customers/create#create_customer-invoice_settings"""
    customers = stripe_account.client.v1.customers
    shown: Any = [{"name": "VAT", "value": "GB1"}]
    customer = customers.create(
        {
            "business_name": "Ada Ltd",
            "address": {"country": "GB", "city": "London"},
            "invoice_settings": {"footer": "Thanks", "custom_fields": shown},
        }
    )
    found = customers.update(customer.id, {"invoice_settings": {"footer": ""}}).to_dict()
    assert found["invoice_settings"]["custom_fields"] == shown
    assert found["invoice_settings"]["footer"] is None
    assert found["business_name"] == "Ada Ltd"
    assert found["address"] == {
        "city": "London",
        "country": "GB",
        "line1": None,
        "line2": None,
        "postal_code": None,
        "state": None,
    }


def test_it_cancels_the_subscriptions_of_a_deleted_customer(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/api/customers/delete: also immediately cancels any active subscriptions."""
    v1 = stripe_account.client.v1
    price = v1.prices.create(
        {
            "product_data": {"name": "Gold"},
            "currency": "usd",
            "unit_amount": 100,
            "recurring": {"interval": "month"},
        }
    )
    customer = v1.customers.create(
        {"payment_method": "pm_card_visa", "invoice_settings": {"default_payment_method": "pm_card_visa"}}
    )
    subscription = v1.subscriptions.create({"customer": customer.id, "items": [{"price": price.id}]})
    v1.customers.delete(customer.id)
    assert v1.subscriptions.retrieve(subscription.id).status == "canceled"
    types = [event.type for event in v1.events.list({"limit": 3}).data]
    assert types == ["customer.deleted", "payment_method.detached", "customer.subscription.deleted"]


@pytest.mark.parametrize(
    "metadata", [{"k" * 41: "v"}, {"k": "v" * 501}, {f"k{place}": "v" for place in range(51)}]
)
def test_it_limits_metadata(stripe_account: StripeAccount, metadata: dict[str, str]) -> None:
    """https://docs.stripe.com/api/metadata: 50 keys of 40 characters, values of 500."""
    with pytest.raises(stripe.InvalidRequestError, match="etadata"):
        stripe_account.client.v1.customers.create({"metadata": metadata})
    assert stripe_account.client.v1.customers.list().data == []


def test_it_collects_what_is_past_due_with_a_new_source(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/api/customers/update: a new valid source retries the latest open invoice."""
    v1 = stripe_account.client.v1
    cheap, dear = (
        v1.prices.create(
            {
                "product_data": {"name": name},
                "currency": "usd",
                "unit_amount": amount,
                "recurring": {"interval": "month"},
            }
        )
        for name, amount in (("Silver", 100), ("Gold", 900))
    )
    customer = v1.customers.create({"source": "tok_visa"})
    subscription = v1.subscriptions.create({"customer": customer.id, "items": [{"price": cheap.id}]})
    v1.customers.update(customer.id, {"source": "tok_chargeCustomerFail"})
    changed = v1.subscriptions.update(
        subscription.id,
        {
            "items": [{"id": subscription["items"]["data"][0]["id"], "price": dear.id}],
            "proration_behavior": "always_invoice",
        },
    )
    assert changed.status == "past_due"
    v1.customers.update(customer.id, {"source": "tok_visa"})
    assert v1.subscriptions.retrieve(subscription.id).status == "active"
