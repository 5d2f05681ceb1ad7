"""The fifteen traits worked out by hand from what Stripe answers now, to hold the connector's own against them.

It reads the objects over HTTP and shares no code with the connector: for one customer with one subscription of one
item, which is what the demo's story has.
"""

from datetime import UTC, datetime
from typing import Any

from engage_stripe.demo.merchant import Merchant

_EXPAND = ["items.data.price.product", "discounts.source.coupon"]


def traits_at_stripe(merchant: Merchant, subscription_id: str) -> dict[str, object]:
    """Named and written as the HTTP API has them: times in ISO 8601 UTC, the card's expiration as ``YYYY-MM-01``."""
    subscription = merchant.get(f"subscriptions/{subscription_id}", expand=_EXPAND)
    customer = merchant.get(
        f"customers/{subscription['customer']}", expand=["invoice_settings.default_payment_method"]
    )
    item = subscription["items"]["data"][0]
    coupons = [discount["source"]["coupon"]["name"] for discount in subscription["discounts"]]
    return {
        "subscription_status": subscription["status"],
        "delinquent": customer["delinquent"],
        "current_period_start": _moment(item["current_period_start"]),
        "current_period_end": _moment(item["current_period_end"]),
        "canceled_at": _moment(subscription["canceled_at"]),
        "cancel_at_period_end": subscription["cancel_at_period_end"],
        "trial_start": _moment(subscription["trial_start"]),
        "trial_end": _moment(subscription["trial_end"]),
        "subscription_plan": item["price"]["product"]["name"],
        "recurring_interval": item["price"]["recurring"]["interval"],
        "coupon": coupons[-1] if coupons else None,
        **_card(customer["invoice_settings"]["default_payment_method"]["card"]),
    }


def _card(card: dict[str, Any]) -> dict[str, object]:
    wallet = card["wallet"]
    return {
        "payment_card_brand": card["brand"],
        "payment_card_country": card["country"],
        "payment_card_expiration": f"{card['exp_year']}-{card['exp_month']:02d}-01",
        "payment_card_wallet_type": wallet["type"] if wallet else None,
    }


def _moment(seconds: int | None) -> str | None:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}" if seconds is not None else None
