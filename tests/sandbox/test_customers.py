"""Customers through the official SDK: https://docs.stripe.com/api/customers."""

from __future__ import annotations

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
