"""Stripe's objects and events in the pinned version, as small as the API allows. Times are epoch seconds."""

import itertools
from typing import Any

_ids = itertools.count(1)
NOW = 1_790_000_000
MONTH = 30 * 86_400


def price(**fields: Any) -> dict[str, Any]:
    return {
        "id": "price_basic",
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": NOW - 10 * MONTH,
        "currency": "usd",
        "livemode": False,
        "metadata": {},
        "product": "prod_basic",
        "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
        "unit_amount": 1000,
        "unit_amount_decimal": "1000",
        **fields,
    }


def plan(whole: dict[str, Any]) -> dict[str, Any]:
    """What the price was called before 2020-08-27; Stripe still sends it beside the price."""
    return {
        "id": whole["id"],
        "object": "plan",
        "active": whole["active"],
        "amount": whole["unit_amount"],
        "amount_decimal": whole["unit_amount_decimal"],
        "currency": whole["currency"],
        "product": whole["product"],
        **whole["recurring"],
    }


def item(**fields: Any) -> dict[str, Any]:
    whole = fields.get("price") or price()
    return {
        "id": "si_1",
        "object": "subscription_item",
        "created": NOW - MONTH,
        "current_period_start": NOW - MONTH,
        "current_period_end": NOW + MONTH,
        "discounts": [],
        "plan": plan(whole),
        "price": whole,
        "quantity": 1,
        **fields,
    }


def subscription(*, items: list[dict[str, Any]] | None = None, **fields: Any) -> dict[str, Any]:
    return {
        "id": "sub_1",
        "object": "subscription",
        "billing_mode": {"type": "flexible"},
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "collection_method": "charge_automatically",
        "created": NOW - MONTH,
        "currency": "usd",
        "customer": "cus_1",
        "default_payment_method": None,
        "default_source": None,
        "discounts": [],
        "ended_at": None,
        "items": {"object": "list", "data": [item()] if items is None else items, "has_more": False},
        "pause_collection": None,
        "schedule": None,
        "status": "active",
        "trial_end": None,
        "trial_start": None,
        **fields,
    }


def customer(**fields: Any) -> dict[str, Any]:
    return {
        "id": "cus_1",
        "object": "customer",
        "created": NOW - 2 * MONTH,
        "currency": "usd",
        "default_source": None,
        "delinquent": False,
        "discount": None,
        "email": "ada@example.com",
        "invoice_settings": {"default_payment_method": None},
        **fields,
    }


def payment_method(**fields: Any) -> dict[str, Any]:
    return {
        "id": "pm_1",
        "object": "payment_method",
        "customer": "cus_1",
        "type": "card",
        "card": {
            "brand": "visa",
            "country": "US",
            "exp_month": 8,
            "exp_year": 2031,
            "wallet": {"type": "apple_pay"},
        },
        **fields,
    }


def discount(**fields: Any) -> dict[str, Any]:
    return {
        "id": "di_1",
        "object": "discount",
        "customer": "cus_1",
        "subscription": "sub_1",
        "end": None,
        "promotion_code": None,
        "source": {"type": "coupon", "coupon": "SAVE20"},
        "start": NOW - 100,
        **fields,
    }


def coupon(**fields: Any) -> dict[str, Any]:
    return {
        "id": "SAVE20",
        "object": "coupon",
        "created": NOW - MONTH,
        "duration": "forever",
        "name": "20% off",
        "percent_off": 20.0,
        "times_redeemed": 0,
        "valid": True,
        **fields,
    }


def product(**fields: Any) -> dict[str, Any]:
    return {"id": "prod_basic", "object": "product", "active": True, "name": "Basic", **fields}


def invoice(**fields: Any) -> dict[str, Any]:
    return {"id": "in_1", "object": "invoice", "customer": "cus_1", "status": "open", **fields}


def event(event_type: str, data: dict[str, Any], *, created: int = NOW, **fields: Any) -> dict[str, Any]:
    previous = fields.pop("previous_attributes", None)
    return {
        "id": f"evt_{next(_ids)}",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": created,
        "data": {"object": data, **({"previous_attributes": previous} if previous else {})},
        "livemode": False,
        "type": event_type,
        **fields,
    }
