"""Payment methods and the older cards: https://docs.stripe.com/api/payment_methods."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.sandbox_process import StripeAccount

WHO: dict[str, Any] = {"name": "Ada Lovelace", "email": "ada@example.com"}
OTHERS: list[tuple[dict[str, Any], dict[str, str]]] = [
    (
        {
            "type": "us_bank_account",
            "us_bank_account": {
                "account_holder_type": "individual",
                "account_number": "000123456789",
                "routing_number": "110000000",
            },
            "billing_details": WHO,
        },
        {"last4": "6789", "account_type": "checking"},
    ),
    (
        {"type": "sepa_debit", "sepa_debit": {"iban": "DE89 3704 0044 0532 0130 00"}, "billing_details": WHO},
        {"last4": "3000", "country": "DE", "bank_code": "37040044"},
    ),
    ({"type": "link", "billing_details": WHO}, {"email": "ada@example.com"}),
]


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
        stripe_account.client.v1.payment_methods.create({"type": "paypal"})
    assert refusal.value.code == "sandbox_not_imitated"


@pytest.mark.parametrize(("params", "detail"), OTHERS, ids=lambda each: each.get("type", ""))
def test_it_charges_other_payment_methods(
    stripe_account: StripeAccount, params: dict[str, Any], detail: dict[str, str]
) -> None:
    """https://docs.stripe.com/api/payment_methods/create; that a debit is paid at once is ours: Stripe's takes days."""
    v1 = stripe_account.client.v1
    customer = v1.customers.create().id
    made = v1.payment_methods.create(params)  # type: ignore[arg-type]
    v1.payment_methods.attach(made.id, {"customer": customer})
    v1.customers.update(customer, {"invoice_settings": {"default_payment_method": made.id}})
    listed = v1.payment_methods.list({"customer": customer, "type": params["type"]}).data
    assert [each.id for each in listed] == [made.id]
    assert "card" not in listed[0]
    assert {name: listed[0][params["type"]][name] for name in detail} == detail
    recurring = {"currency": "eur", "unit_amount": 900, "recurring": {"interval": "month"}}
    price = v1.prices.create({**recurring, "product_data": {"name": "Gold"}}).id  # type: ignore[typeddict-item]
    subscription = v1.subscriptions.create(
        {"customer": customer, "items": [{"price": price}], "expand": ["latest_invoice"]}
    )
    assert subscription.status == "active"
    assert subscription.latest_invoice.status == "paid"  # type: ignore[union-attr]


def test_it_needs_to_know_who_is_debited(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/payments/sepa-debit: a mandate has a name and an email address."""
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        stripe_account.client.v1.payment_methods.create(
            {"type": "sepa_debit", "sepa_debit": {"iban": "DE89370400440532013000"}}
        )
    assert (refusal.value.code, refusal.value.param) == ("parameter_missing", "billing_details[name]")


def test_it_refuses_the_details_of_another_type(stripe_account: StripeAccount) -> None:
    """Inferred from https://docs.stripe.com/api/payment_methods/create: the details are named after the type."""
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        stripe_account.client.v1.payment_methods.create({"type": "link", "card": {"token": "tok_visa"}})
    assert refusal.value.param == "card"


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
