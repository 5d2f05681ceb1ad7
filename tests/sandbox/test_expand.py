"""Expansion: https://docs.stripe.com/api/expanding_objects."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox_process import StripeAccount


def test_it_expands_through_objects_that_expand(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/expand#multiple-levels"""
    v1 = stripe_account.client.v1
    product = v1.products.create({"name": "Gold", "default_price_data": {"currency": "usd", "unit_amount": 100}})
    assert isinstance(product.default_price, str)
    price = v1.prices.retrieve(product.default_price, {"expand": ["product.default_price.product"]})
    expanded = price.to_dict()["product"]
    assert expanded["default_price"]["product"]["id"] == product.id
    assert expanded["default_price"]["product"]["default_price"] == product.default_price


def test_it_expands_in_lists(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/api/expanding_objects: `data.` first, four levels at most."""
    v1 = stripe_account.client.v1
    v1.customers.create({"source": "tok_visa"})
    page = v1.customers.list({"expand": ["data.default_source"]})
    assert isinstance(page.data[0].default_source, stripe.Card)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("email", r"This property cannot be expanded \(email\)\."),
        ("invoice_settings", r"This property cannot be expanded \(invoice_settings\)\."),
        ("test_clock.nothing", r"This property cannot be expanded \(test_clock.nothing\)\."),
        (
            "subscriptions.data.latest_invoice.customer.sources",
            r"You cannot expand more than 4 levels of a property\.",
        ),
    ],
)
def test_it_refuses_what_cannot_be_expanded(stripe_account: StripeAccount, path: str, message: str) -> None:
    customers = stripe_account.client.v1.customers
    customer = customers.create()
    with pytest.raises(stripe.InvalidRequestError, match=message):
        customers.retrieve(customer.id, {"expand": [path]})


def test_it_suggests_data_in_an_empty_list(stripe_account: StripeAccount) -> None:
    """The path is judged by the API's description, not by what the list happens to hold."""
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        stripe_account.client.v1.prices.list({"expand": ["product"]})
    assert refusal.value.user_message == (
        "This property cannot be expanded (product). You may want to try expanding 'data.product' instead."
    )


def test_it_changes_nothing_when_the_path_is_refused(stripe_account: StripeAccount) -> None:
    """Inferred from https://docs.stripe.com/api/errors: a refused request has no effect."""
    customers = stripe_account.client.v1.customers
    with pytest.raises(stripe.InvalidRequestError):
        customers.create({"expand": ["email"]})
    assert customers.list().data == []


def test_it_expands_a_deleted_object_as_deleted(stripe_account: StripeAccount) -> None:
    """Inferred from https://docs.stripe.com/api/customers/retrieve: a deleted customer is answered as such."""
    v1 = stripe_account.client.v1
    customer = v1.customers.create()
    coupon = v1.coupons.create({"percent_off": 10})
    code = v1.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": coupon.id}, "customer": customer.id}
    )
    v1.customers.delete(customer.id)
    found = v1.promotion_codes.retrieve(code.id, {"expand": ["customer"]})
    assert isinstance(found.customer, stripe.Customer)
    assert found.customer.deleted is True


@pytest.mark.parametrize(
    ("path", "permission"),
    [
        ("invoice_settings.default_payment_method", "rak_payment_method_read"),
        ("default_source", "rak_source_read"),
        ("sources", "rak_source_read"),
        ("subscriptions", "rak_subscription_read"),
        ("subscriptions.data.latest_invoice", "rak_invoice_read"),
    ],
)
def test_it_wants_permission_to_read_what_is_expanded(
    stripe_account: StripeAccount, path: str, permission: str
) -> None:
    """https://docs.stripe.com/keys/restricted-api-keys"""
    customer = stripe_account.client.v1.customers.create()
    others = {"rak_payment_method_read", "rak_source_read", "rak_subscription_read", "rak_invoice_read"}
    key = stripe_account.restricted_key(["rak_customer_read", *(others - {permission})])
    customers = stripe_account.sandbox.client(key).v1.customers
    with pytest.raises(stripe.PermissionError, match=f"'{permission}'"):
        customers.retrieve(customer.id, {"expand": [path]})
    full = stripe_account.restricted_key(["rak_customer_read", *others])
    stripe_account.sandbox.client(full).v1.customers.retrieve(customer.id, {"expand": [path]})
