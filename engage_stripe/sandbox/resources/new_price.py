"""Building a price: the prices resource does it, and so does `price_data` in other requests."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import invalid
from engage_stripe.sandbox.resources.currencies import currency_of
from engage_stripe.sandbox.resources.fields import assign, merge_metadata
from engage_stripe.sandbox.resources.new_product import new_product
from engage_stripe.sandbox.state import Account

# https://docs.stripe.com/api/prices/create#create_price-recurring-interval_count: at most three years
LONGEST = {"day": 1095, "week": 156, "month": 36, "year": 3}


def new_price(account: Account, params: dict[str, Any]) -> Obj:
    """A price that is not stored yet: also what `price_data` in other requests makes."""
    amount = _amount(params)
    recurring = _recurring(account, params.get("recurring"))
    price: Obj = {
        "id": account.ids.new("price"),
        "object": "price",
        "active": params.get("active", True),
        "billing_scheme": params.get("billing_scheme", "per_unit"),
        "created": account.now(),
        "currency": currency_of(params["currency"]),
        "custom_unit_amount": None,
        "livemode": account.livemode,
        "lookup_key": None,
        "metadata": {},
        "nickname": params.get("nickname"),
        "product": _product(account, params),
        "recurring": recurring,
        "tax_behavior": params.get("tax_behavior", "unspecified"),
        "tiers_mode": params.get("tiers_mode"),
        "transform_quantity": params.get("transform_quantity"),
        "type": "one_time" if recurring is None else "recurring",
        **amount,
    }
    price["tiers"] = _tiers(params.get("tiers"))
    price["currency_options"] = currency_options(price, params.get("currency_options") or {})
    _check_scheme(price)
    merge_metadata(price, params)
    take_lookup_key(account, price, params)
    return price


def _product(account: Account, params: dict[str, Any]) -> str:
    data = params.get("product_data")
    if (data is None) == (params.get("product") is None):
        raise invalid(
            "You must specify exactly one of product and product_data.",
            param="product",
            code="parameter_missing",
        )
    if data is None:
        id: str = account.find("product", params["product"], param="product", status=400)["id"]
        return id
    product = new_product(account, data["name"], id=data.get("id"))
    assign(product, data, "active statement_descriptor unit_label")
    merge_metadata(product, data)
    account.add(product)
    account.emit("product.created", product)
    new_id: str = product["id"]
    return new_id


def _amount(params: dict[str, Any]) -> Obj:
    whole, exact = params.get("unit_amount"), params.get("unit_amount_decimal")
    if params.get("billing_scheme") == "tiered":
        return {"unit_amount": None, "unit_amount_decimal": None}
    if (whole is None) == (exact is None):
        raise invalid(
            "Exactly one of unit_amount and unit_amount_decimal is required.",
            param="unit_amount",
            code="parameter_missing",
        )
    return amounts("unit_amount", whole, exact)


def amounts(name: str, whole: int | None, exact: str | None) -> Obj:
    """`{name, name_decimal}` from either; the whole one is null for fractions of a cent."""
    decimal = Decimal(exact if exact is not None else whole or 0)
    if decimal < 0:
        raise invalid("Invalid non-negative integer", param=name, code="parameter_invalid_integer")
    rounded = decimal.quantize(Decimal(1), ROUND_HALF_UP)
    return {
        name: int(rounded) if rounded == decimal else None,
        f"{name}_decimal": f"{decimal.normalize():f}",
    }


def _recurring(account: Account, given: dict[str, Any] | None) -> Obj | None:
    if given is None:
        return None
    _check_meter(account, given)
    count = given.get("interval_count", 1)
    longest = LONGEST[given["interval"]]
    if not 1 <= count <= longest:
        raise invalid(
            f"The maximum number of intervals for `{given['interval']}` is {longest}.",
            param="recurring[interval_count]",
        )
    return {
        "interval": given["interval"],
        "interval_count": count,
        "meter": given.get("meter"),
        "trial_period_days": given.get("trial_period_days"),
        "usage_type": given.get("usage_type", "licensed"),
    }


def _check_meter(account: Account, given: dict[str, Any]) -> None:
    """https://docs.stripe.com/changelog/basil/2025-03-31/deprecate-legacy-usage-based-billing."""
    meter, metered = given.get("meter"), given.get("usage_type") == "metered"
    if metered and meter is None:
        raise invalid(
            "Metered prices must be backed by a meter: pass `recurring[meter]`.",
            param="recurring[meter]",
            code="parameter_missing",
        )
    if meter is not None:
        account.find("billing.meter", meter, param="recurring[meter]", status=400)
        if not metered:
            raise invalid(
                "`recurring[meter]` can only be set when `recurring[usage_type]` is `metered`.",
                param="recurring[usage_type]",
            )


def _tiers(given: list[dict[str, Any]] | None) -> list[Obj] | None:
    if given is None:
        return None
    return [
        {
            **_tier_amount("flat_amount", tier),
            **_tier_amount("unit_amount", tier),
            "up_to": None if tier["up_to"] == "inf" else tier["up_to"],
        }
        for tier in given
    ]


def _tier_amount(name: str, tier: dict[str, Any]) -> Obj:
    whole, exact = tier.get(name), tier.get(f"{name}_decimal")
    if whole is None and exact is None:
        return {name: None, f"{name}_decimal": None}
    return amounts(name, whole, exact)


def currency_options(price: Obj, given: dict[str, Any]) -> dict[str, Obj]:
    """The price in its own and each given currency."""
    own = {price["currency"]: _currency_option(price)}
    return own | {
        currency_of(currency, param=f"currency_options[{currency}]"): _currency_option(option)
        for currency, option in given.items()
    }


def _currency_option(given: dict[str, Any]) -> Obj:
    whole, exact = given.get("unit_amount"), given.get("unit_amount_decimal")
    known = whole is not None or exact is not None
    amount = amounts("unit_amount", whole, exact) if known else {"unit_amount": None, "unit_amount_decimal": None}
    return {
        "custom_unit_amount": None,
        "tax_behavior": given.get("tax_behavior", "unspecified"),
        **amount,
    }


def _check_scheme(price: Obj) -> None:
    tiered = price["billing_scheme"] == "tiered"
    if tiered and (not price["tiers"] or price["tiers_mode"] is None):
        raise invalid(
            "Both `tiers` and `tiers_mode` are required when `billing_scheme` is `tiered`.", param="tiers"
        )
    if not tiered and price["tiers"]:
        raise invalid("`tiers` can only be set when `billing_scheme` is `tiered`.", param="tiers")
    if tiered and price["tiers"][-1]["up_to"] is not None:
        raise invalid("The last tier must have `up_to` set to `inf`.", param="tiers")


def take_lookup_key(account: Account, price: Obj, params: dict[str, Any]) -> None:
    """Give the price the `lookup_key` of the request; StripeError when another has it and may keep it."""
    if "lookup_key" not in params:
        return
    key = params["lookup_key"]
    for other in account.collection("price"):
        if key is not None and other["lookup_key"] == key and other is not price:
            if not params.get("transfer_lookup_key"):
                raise invalid(f"A price (`{other['id']}`) already uses that lookup key.", param="lookup_key")
            other["lookup_key"] = None
    price["lookup_key"] = key
