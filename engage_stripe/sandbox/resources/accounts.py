"""The account itself: https://docs.stripe.com/api/accounts."""

from __future__ import annotations

from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.keys import acting_account
from engage_stripe.sandbox.routing import Call, Route
from engage_stripe.sandbox.shapes import Shape
from engage_stripe.sandbox.state import Account


def retrieve_own(call: Call) -> Obj:
    """`GET /v1/account`."""
    return account_object(call.account)


def retrieve(call: Call) -> Obj:
    """`GET /v1/accounts/{account}`: one's own or a connected one."""
    return account_object(acting_account(call.world, call.key, call.path["account"]))


def account_object(account: Account) -> Obj:
    """A standard account that may charge."""
    return {
        "id": account.id,
        "object": "account",
        "business_profile": {"name": account.name, "url": None, "support_email": None},
        "business_type": "company",
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "controller": {"type": "account"},
        "country": "US",
        "created": account.created,
        "default_currency": "usd",
        "details_submitted": True,
        "email": f"{account.id.lower()}@example.com",
        "metadata": {},
        "payouts_enabled": True,
        "settings": {
            "branding": {
                "icon": None,
                "logo": None,
                "primary_color": None,
                "secondary_color": None,
            },
            "card_payments": {
                "statement_descriptor_prefix": None,
                "statement_descriptor_prefix_kana": None,
                "statement_descriptor_prefix_kanji": None,
            },
            "dashboard": {"display_name": account.name, "timezone": "Etc/UTC"},
            "payments": {
                "statement_descriptor": None,
                "statement_descriptor_kana": None,
                "statement_descriptor_kanji": None,
            },
        },
        "type": "standard",
    }


# What Stripe asks of a restricted key here; a key of the Dashboard's templates does not have it.
PERMISSION = "accounts_kyc_basic_read"

ROUTES = (
    Route("GET", "/v1/account", retrieve_own, PERMISSION),
    Route("GET", "/v1/accounts/{account}", retrieve, PERMISSION),
)

SHAPES = {"account": Shape()}
