"""``customer.subscription.updated`` with one item as Stripe sends it in the pinned version, about four kilobytes."""

from typing import Any

NOW = 1_790_000_000
SPREAD = 7_919
"""A prime: multiples of it visit all users before they come back to one."""


def subscription_event(number: int, users: int) -> dict[str, Any]:
    """The ``number``-th event, of one of ``users`` users in no order of theirs; a hundred are of the same second."""
    user, second = number * SPREAD % users, number // 100
    price = {
        "id": "price_basic", "object": "price", "active": True, "billing_scheme": "per_unit",
        "created": NOW - 9_999_999, "currency": "usd", "livemode": False, "lookup_key": None,
        "metadata": {}, "nickname": None, "product": "prod_basic", "tax_behavior": "unspecified", "tiers_mode": None,
        "recurring": {"interval": "month", "interval_count": 1, "meter": None, "trial_period_days": None,
                      "usage_type": "licensed"},
        "transform_quantity": None, "type": "recurring", "unit_amount": 1000, "unit_amount_decimal": "1000",
    }  # fmt: skip
    subscription = f"sub_{user:024d}"
    item: dict[str, Any] = {
        "id": f"si_{user:014d}", "object": "subscription_item", "billing_thresholds": None, "created": NOW - 1_000_000,
        "current_period_start": NOW - 1000 + second, "current_period_end": NOW + 2_592_000 + second, "discounts": [],
        "metadata": {}, "plan": {**price, "object": "plan", "amount": 1000, "interval": "month"}, "price": price,
        "quantity": 1 + number % 5, "subscription": subscription, "tax_rates": [],
    }  # fmt: skip
    data: dict[str, Any] = {
        "id": subscription, "object": "subscription", "application": None, "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": NOW - 1000, "billing_mode": {"flexible": {"proration_discounts": "included"},
                                                            "type": "flexible"},
        "cancel_at": None, "cancel_at_period_end": number % 2 == 0, "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically", "created": NOW - 1_000_000, "currency": "usd",
        "customer": f"cus_{user:014d}", "days_until_due": None, "default_payment_method": None, "default_source": None,
        "default_tax_rates": [], "description": None, "discounts": [], "ended_at": None,
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "items": {"object": "list", "data": [item], "has_more": False, "total_count": 1,
                  "url": f"/v1/subscription_items?subscription={subscription}"},
        "latest_invoice": f"in_{number:024d}", "livemode": False, "metadata": {}, "on_behalf_of": None,
        "pause_collection": None, "payment_settings": {"payment_method_options": None, "payment_method_types": None,
                                                       "save_default_payment_method": "off"},
        "pending_setup_intent": None, "pending_update": None, "schedule": None, "start_date": NOW - 1_000_000,
        "status": ("active", "past_due")[number % 3 == 0], "test_clock": None, "transfer_data": None,
        "trial_end": None, "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
        "trial_start": None,
    }  # fmt: skip
    return {
        "id": f"evt_{number:024d}", "object": "event", "api_version": "2026-10-28.endive", "created": NOW + second,
        "data": {"object": data, "previous_attributes": {"status": "active"}}, "livemode": False,
        "pending_webhooks": 1, "request": {"id": None, "idempotency_key": None},
        "type": "customer.subscription.updated",
    }  # fmt: skip
