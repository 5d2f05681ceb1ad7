"""Payment methods and the older cards: https://docs.stripe.com/api/payment_methods."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox_process import StripeAccount


def test_it_attaches_a_fresh_copy_of_a_ready_made_card(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/testing#cards"""
    v1 = stripe_account.client.v1
    customer = v1.customers.create()
    attached = v1.payment_methods.attach("pm_card_mastercard", {"customer": customer.id})
    assert attached.id != "pm_card_mastercard"
    assert attached.customer == customer.id
    assert attached.card is not None
    assert (attached.card.brand, attached.card.last4) == ("mastercard", "4444")


def test_it_creates_a_customer_with_a_default_card(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/api/customers/create#create_customer-payment_method."""
    v1 = stripe_account.client.v1
    customer = v1.customers.create(
        {
            "payment_method": "pm_card_visa",
            "invoice_settings": {"default_payment_method": "pm_card_visa"},
            "expand": ["invoice_settings.default_payment_method"],
        }
    )
    assert customer.invoice_settings is not None
    default = customer.invoice_settings.default_payment_method
    assert not isinstance(default, str)
    assert default is not None
    assert default.customer == customer.id


def test_it_refuses_to_save_a_declined_card(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/testing#declined-payments: these cards cannot be attached."""
    v1 = stripe_account.client.v1
    customer = v1.customers.create()
    with pytest.raises(stripe.CardError) as refusal:
        v1.payment_methods.attach("pm_card_visa_chargeDeclined", {"customer": customer.id})
    assert refusal.value.http_status == 402
    assert refusal.value.code == "card_declined"
    assert v1.customers.payment_methods.list(customer.id).data == []


def test_it_refuses_a_default_of_somebody_else(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/api/customers/update#update_customer-invoice_settings-default_payment_method."""
    v1 = stripe_account.client.v1
    other = v1.customers.create({"payment_method": "pm_card_visa"})
    foreign = v1.customers.payment_methods.list(other.id).data[0]
    customer = v1.customers.create()
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": foreign.id}})
    assert refusal.value.code == "resource_missing"
    assert refusal.value.param == "invoice_settings[default_payment_method]"


def test_it_never_attaches_a_detached_payment_method_again(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/api/payment_methods/detach"""
    v1 = stripe_account.client.v1
    customer = v1.customers.create({"payment_method": "pm_card_visa"})
    payment_method = v1.customers.payment_methods.list(customer.id).data[0]
    v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": payment_method.id}})
    assert v1.payment_methods.detach(payment_method.id).customer is None
    settings = v1.customers.retrieve(customer.id).invoice_settings
    assert settings is not None
    assert settings.default_payment_method is None
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        v1.payment_methods.attach(payment_method.id, {"customer": customer.id})


def test_it_reads_a_raw_card_number(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/testing#cards and https://docs.stripe.com/error-codes#incorrect-number."""
    v1 = stripe_account.client.v1
    made = v1.payment_methods.create(
        {
            "type": "card",
            "card": {"number": "4000002760000016", "exp_month": 7, "exp_year": 2031, "cvc": "123"},
        }
    )
    assert made.card is not None
    assert (made.card.country, made.card.exp_month, made.card.exp_year) == ("DE", 7, 2031)
    with pytest.raises(stripe.CardError) as refusal:
        v1.payment_methods.create({"type": "card", "card": {"number": "4242424242424241"}})
    assert refusal.value.code == "incorrect_number"


def test_it_refuses_a_type_it_does_not_imitate(stripe_account: StripeAccount) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        stripe_account.client.v1.payment_methods.create({"type": "sepa_debit"})
    assert refusal.value.code == "sandbox_not_imitated"


def test_it_keeps_cards_on_the_customer(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/api/cards: the first card becomes the default, sources come when expanded."""
    v1 = stripe_account.client.v1
    customer = v1.customers.create({"source": "tok_visa"})
    second = v1.customers.payment_sources.create(customer.id, {"source": "tok_amex"})
    found = v1.customers.retrieve(customer.id, {"expand": ["sources", "default_source"]})
    assert found.sources is not None
    assert found.sources.data[0].id == second.id
    assert isinstance(found.default_source, stripe.Card)
    assert found.default_source.brand == "Visa"
    assert "sources" not in v1.customers.retrieve(customer.id).to_dict()


def test_it_moves_the_default_when_its_card_goes(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/api/cards/delete"""
    v1 = stripe_account.client.v1
    customer = v1.customers.create({"source": "tok_visa"})
    assert isinstance(customer.default_source, str)
    second = v1.customers.payment_sources.create(customer.id, {"source": "tok_amex"})
    v1.customers.payment_sources.delete(customer.id, customer.default_source)
    assert v1.customers.retrieve(customer.id).default_source == second.id
