"""What the matrix's merchant sells: one account that every situation starts from."""

from functools import cache
from typing import Any

from tests.sandbox_process import Sandbox, StripeAccount

Names = dict[str, str]
PAST = 1_700_000_000  # epoch seconds


@cache
def open_catalogue(sandbox: Sandbox) -> tuple[StripeAccount, Names]:
    """An account with plans, coupons, codes and a meter, and their ids by name."""
    account = sandbox.open_account()
    stripe: Any = account.client.v1
    names: Names = {}
    _add_plans(stripe, names)
    _add_coupons(stripe, names)
    _add_codes(stripe, names)
    for kind, name, changes in (
        ("coupon", "expired", {"redeem_by": PAST, "valid": False}),
        ("coupon", "used up", {"times_redeemed": 1}),
        ("promotion_code", "OVER", {"expires_at": PAST}),
        ("promotion_code", "GONE", {"times_redeemed": 1}),
    ):
        sandbox.admin("POST", f"objects/{account.id}/{kind}/{names[name]}", changes=changes)
    return account, names


def _add_plans(stripe: Any, names: Names) -> None:
    month = {"currency": "usd", "recurring": {"interval": "month"}}
    meter = {"display_name": "Calls", "event_name": "calls", "default_aggregation": {"formula": "sum"}}
    usage = {"usage_type": "metered", "meter": stripe.billing.meters.create(meter).id}
    plans: dict[str, dict[str, Any]] = {
        "basic": {"unit_amount": 1000},
        "addon": {"unit_amount": 300},
        "pro": {"unit_amount": 2000},
        "yearly": {"unit_amount": 12_000, "recurring": {"interval": "year"}},
        "support": {"unit_amount": 600, "recurring": {"interval": "year"}},
        "usage": {"unit_amount": 5, "recurring": {"interval": "month", **usage}},
        "euro": {"unit_amount": 2000, "currency": "eur"},
        "both": {"unit_amount": 2000, "currency": "eur", "currency_options": {"usd": {"unit_amount": 2500}}},
        "archived": {"unit_amount": 1500},
    }
    for name, terms in plans.items():
        product = stripe.products.create({"name": name.capitalize()}).id
        names |= {
            name: stripe.prices.create({"product": product, **month, **terms}).id,
            f"{name} product": product,
        }
    stripe.prices.update(names["archived"], {"active": False})


def _add_coupons(stripe: Any, names: Names) -> None:
    once = {"duration": "once"}
    coupons: dict[str, dict[str, Any]] = {
        "loyalty": {"percent_off": 10, "duration": "forever"},
        "thanks": {"percent_off": 5, "duration": "forever"},
        "gift": {"percent_off": 20, **once},
        "five": {"amount_off": 500, "currency": "usd", **once},
        "euros": {"amount_off": 500, "currency": "eur", **once},
        "euros or dollars": {
            "amount_off": 500, "currency": "eur", "currency_options": {"usd": {"amount_off": 600}}, **once
        },
        "basic only": {"percent_off": 20, "applies_to": {"products": [names["basic product"]]}, **once},
        "pro only": {"percent_off": 20, "applies_to": {"products": [names["pro product"]]}, **once},
        "expired": {"percent_off": 20, **once},
        "used up": {"percent_off": 20, "max_redemptions": 1, **once},
    }  # fmt: skip
    names |= {name: stripe.coupons.create(terms).id for name, terms in coupons.items()}


def _add_codes(stripe: Any, names: Names) -> None:
    names["somebody else"] = stripe.customers.create({}).id
    codes: dict[str, dict[str, Any]] = {
        "HELLO": {},
        "FIRST": {"restrictions": {"first_time_transaction": True}},
        "LARGE": {"restrictions": {"minimum_amount": 2500, "minimum_amount_currency": "usd"}},
        "EURO": {"restrictions": {"minimum_amount": 100, "minimum_amount_currency": "eur"}},
        "THEIRS": {"customer": names["somebody else"]},
        "OFF": {"active": False},
        "OVER": {},
        "GONE": {"max_redemptions": 1},
    }
    promotion = {"type": "coupon", "coupon": names["gift"]}
    for code, terms in codes.items():
        names[code] = stripe.promotion_codes.create({"code": code, "promotion": promotion, **terms}).id
