"""The phases of a schedule as a request gives them: https://docs.stripe.com/api/subscription_schedules/update."""

from __future__ import annotations

from typing import Any

from engage_stripe.sandbox.billing.periods import add_interval
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import invalid
from engage_stripe.sandbox.resources.prices import create_price
from engage_stripe.sandbox.state import Account

MAX_PHASES = 10


def read_phases(account: Account, schedule: Obj, given: list[dict[str, Any]], start: int) -> list[Obj]:
    """Complete, contiguous phases; each starts where the one before it ends."""
    if not 0 < len(given) <= MAX_PHASES:
        raise invalid(f"A schedule has between 1 and {MAX_PHASES} phases.", param="phases")
    phases: list[Obj] = []
    for place, each in enumerate(given):
        begins = phases[-1]["end_date"] if phases else start
        if each.get("start_date") not in (None, begins, "now"):
            raise invalid(
                "Each phase must start where the phase before it ends, and the first one where the schedule "
                "starts.",
                param=f"phases[{place}][start_date]",
            )
        phases.append(_phase(account, schedule, each, begins, f"phases[{place}]"))
    return phases


def check_phases(schedule: Obj, phases: list[Obj]) -> None:
    """A running schedule keeps the phase that runs: its start cannot move."""
    current = schedule["current_phase"]
    if current is not None and current_phase_of(phases, schedule) is None:
        raise invalid(
            "The current phase must be part of the phases; its `start_date` cannot be changed.",
            param="phases",
        )


def current_phase_of(phases: list[Obj], schedule: Obj) -> Obj | None:
    """The one of these phases that runs now."""
    current = schedule["current_phase"]
    if current is None:
        return None
    return next((phase for phase in phases if phase["start_date"] == current["start_date"]), None)


def _phase(account: Account, schedule: Obj, given: dict[str, Any], start: int, param: str) -> Obj:
    if not given.get("items"):
        raise invalid(
            f"Missing required param: {param}[items].", param=f"{param}[items]", code="parameter_missing"
        )
    items = [_item(account, each, f"{param}[items][{place}]") for place, each in enumerate(given["items"])]
    end = _end(account, schedule, given, start, items)
    if end <= start:
        raise invalid("A phase must end after it starts.", param=f"{param}[end_date]")
    return {
        "add_invoice_items": [],
        "application_fee_percent": None,
        "billing_cycle_anchor": None,
        "billing_thresholds": None,
        "collection_method": given.get("collection_method"),
        "currency": given.get("currency") or schedule.get("_currency") or _currency(account, items),
        "default_payment_method": given.get("default_payment_method"),
        "default_tax_rates": [],
        "description": given.get("description"),
        "discounts": [_discount(each) for each in given.get("discounts") or []],
        "end_date": end,
        "invoice_settings": None,
        "items": items,
        "metadata": given.get("metadata") or {},
        "on_behalf_of": None,
        "proration_behavior": given.get("proration_behavior", "create_prorations"),
        "start_date": start,
        "transfer_data": None,
        "trial_end": end if given.get("trial") else given.get("trial_end"),
    }


def _item(account: Account, given: dict[str, Any], param: str) -> Obj:
    price = _price(account, given, param)
    item: Obj = {
        "billing_thresholds": None,
        "discounts": [_discount(each) for each in given.get("discounts") or []],
        "metadata": given.get("metadata") or {},
        "plan": price["id"],
        "price": price["id"],
        "tax_rates": [],
    }
    if price["recurring"]["usage_type"] != "metered":
        item["quantity"] = given.get("quantity", 1)
    return item


def _price(account: Account, given: dict[str, Any], param: str) -> Obj:
    data = given.get("price_data")
    if data is not None:
        return create_price(account, {**data, "active": False})
    return account.find("price", given.get("price") or "", param=f"{param}[price]", status=400)


def _end(account: Account, schedule: Obj, given: dict[str, Any], start: int, items: list[Obj]) -> int:
    end, duration = given.get("end_date"), given.get("duration")
    if end is not None and duration is not None:
        raise invalid("You may only specify one of these parameters: end_date, duration.")
    if end == "now":
        return account.now(schedule["customer"])
    if end is not None:
        return int(end)
    recurring = duration or account.find("price", items[0]["price"])["recurring"]
    return add_interval(start, recurring["interval"], recurring.get("interval_count", 1))


def _currency(account: Account, items: list[Obj]) -> str:
    return str(account.find("price", items[0]["price"])["currency"])


def _discount(given: dict[str, Any]) -> Obj:
    if len(given) != 1:
        raise invalid("You must pass exactly one of coupon, discount or promotion_code.")
    return {name: given.get(name) for name in ("coupon", "discount", "promotion_code")}
