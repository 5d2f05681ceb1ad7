"""What a schedule's phases say is said again, word for word: phases replace wholesale."""

from typing import Any

from actions.definition import StripeRequest
from actions.period_end import switched_phases

# https://docs.stripe.com/api/subscription_schedules/object#subscription_schedule_object-phases
ITEM: dict[str, Any] = {
    "billing_thresholds": None,
    "discounts": [{"coupon": None, "discount": "di_item", "promotion_code": None}],
    "metadata": {"seat": "window"},
    "plan": "price_basic",
    "price": "price_basic",
    "quantity": 2,
    "tax_rates": [{"id": "txr_item", "object": "tax_rate"}],
}
PHASE: dict[str, Any] = {
    "add_invoice_items": [],
    "application_fee_percent": 2.5,
    "automatic_tax": {"disabled_reason": None, "enabled": True, "liability": {"type": "self"}},
    "billing_cycle_anchor": None,
    "billing_thresholds": None,
    "collection_method": "send_invoice",
    "currency": "usd",
    "default_payment_method": {"id": "pm_1", "object": "payment_method"},
    "default_tax_rates": [{"id": "txr_vat", "object": "tax_rate"}],
    "description": "Team plan",
    "discounts": [{"coupon": None, "discount": {"id": "di_1"}, "promotion_code": None}],
    "end_date": 1_700_000_000,
    "invoice_settings": {"account_tax_ids": None, "days_until_due": 14, "issuer": {"type": "self"}},
    "items": [ITEM, ITEM | {"price": "price_addon", "plan": "price_addon", "quantity": 1, "discounts": []}],
    "metadata": {"source": "sales"},
    "on_behalf_of": "acct_1",
    "proration_behavior": "create_prorations",
    "start_date": 1_690_000_000,
    "transfer_data": {"amount_percent": None, "destination": {"id": "acct_2"}},
    "trial_end": 1_700_000_000,
}
SCHEDULE = {
    "id": "sub_sched_1",
    "current_phase": {"start_date": 1_690_000_000, "end_date": 1_700_000_000},
    "phases": [PHASE | {"start_date": 1_680_000_000, "end_date": 1_690_000_000, "items": []}, PHASE],
}
KEPT = {
    "application_fee_percent": 2.5,
    "automatic_tax": {"enabled": True, "liability": {"type": "self"}},
    "collection_method": "send_invoice",
    "default_payment_method": "pm_1",
    "default_tax_rates": ["txr_vat"],
    "description": "Team plan",
    "discounts": [{"discount": "di_1"}],
    "invoice_settings": {"days_until_due": 14, "issuer": {"type": "self"}},
    "metadata": {"source": "sales"},
    "on_behalf_of": "acct_1",
    "transfer_data": {"destination": "acct_2"},
    "proration_behavior": "none",
}
KEPT_ITEM = {
    "discounts": [{"discount": "di_item"}],
    "metadata": {"seat": "window"},
    "tax_rates": ["txr_item"],
}
ADDON = {"price": "price_addon", "quantity": 1, "metadata": {"seat": "window"}, "tax_rates": ["txr_item"]}


def phases(*, new_item: dict[str, Any], discounts: list[dict[str, str]] | None = None) -> Any:
    facts = {
        "old_price": "price_basic",
        "price": new_item["price"],
        "new_item": new_item,
        "interval": "month",
        "interval_count": 1,
        "discounts": discounts or [],
        "period_end": 1_700_000_000,
    }
    return switched_phases(SCHEDULE, StripeRequest(operation="switch_at_period_end", facts=facts))


def test_it_keeps_the_running_phase_word_for_word() -> None:
    now, _ = phases(new_item={"price": "price_pro", "quantity": 2})

    assert now == KEPT | {
        "start_date": 1_690_000_000,
        "end_date": 1_700_000_000,
        "trial_end": 1_700_000_000,
        "items": [{"price": "price_basic", "quantity": 2, **KEPT_ITEM}, ADDON],
    }


def test_it_changes_nothing_in_the_next_phase_but_the_plan() -> None:
    _, then = phases(new_item={"price": "price_pro", "quantity": 5})

    assert then == KEPT | {
        "duration": {"interval": "month", "interval_count": 1},
        "items": [{"price": "price_pro", "quantity": 5, **KEPT_ITEM}, ADDON],
    }


def test_it_names_no_quantity_of_a_plan_by_usage() -> None:
    _, then = phases(new_item={"price": "price_usage"})

    assert then["items"][0] == {"price": "price_usage", **KEPT_ITEM}


def test_it_adds_a_coupon_to_the_next_phase_only() -> None:
    now, then = phases(
        new_item={"price": "price_pro", "quantity": 2}, discounts=[{"discount": "di_1"}, {"coupon": "gift"}]
    )

    assert now["discounts"] == [{"discount": "di_1"}]
    assert then["discounts"] == [{"discount": "di_1"}, {"coupon": "gift"}]
