"""A merchant with two plans, a coupon and a customer, connected to the tenant's App with its catalogue read."""

from dataclasses import dataclass

from connector.audit import Actor
from connector.keys import parse_api_key
from connector.models import Connection
from connector.permissions import PERMISSIONS
from connector.services import connect_with_api_key
from sync.catalogue import sync_catalogue
from sync.identity import set_identity
from tests.factories import Tenant, make_end_user
from tests.sandbox_process import StripeAccount

EVERY_PERMISSION = [permission.name for permission in PERMISSIONS]


@dataclass(frozen=True, slots=True)
class Shop:
    connection: Connection
    subscription: str
    user_id: str


def open_shop(tenant: Tenant, account: StripeAccount) -> Shop:
    """One user on Starter, paying by card."""
    stripe = account.client.v1
    prices = {}
    for name, amount in (("Starter", 900), ("Pro", 2000)):
        product = stripe.products.create({"name": name})
        price = stripe.prices.create(
            {
                "product": product.id,
                "currency": "usd",
                "unit_amount": amount,
                "recurring": {"interval": "month"},
            }
        )
        prices[name] = price.id
    stripe.coupons.create({"id": "STAY20", "name": "Stay", "percent_off": 20, "duration": "once"})
    customer = stripe.customers.create(
        {"payment_method": "pm_card_visa", "invoice_settings": {"default_payment_method": "pm_card_visa"}}
    )
    subscription = stripe.subscriptions.create({"customer": customer.id, "items": [{"price": prices["Starter"]}]})
    activation = connect_with_api_key(
        app_id=tenant.id,
        api_key=parse_api_key(account.restricted_key(EVERY_PERMISSION)),
        actor=Actor("ada@example.com", "127.0.0.1"),
    )
    sync_catalogue(connection=activation.connection)
    user_id = make_end_user(tenant)
    set_identity(app_id=tenant.id, user_id=user_id, stripe_id=customer.id, email_address="")
    return Shop(activation.connection, subscription.id, user_id)
