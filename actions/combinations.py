"""Whether an action's plan, discount, quantity and target go together: said beside the field before anybody clicks.

What depends on the user (status, present plan, currency already paid in) is checked at the click instead.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from actions.definition import ActionDefinition, Needs
from actions.definitions import override_price
from actions.meters import list_meters
from actions.models import ActionLimit
from actions.parameters import Picker
from actions.pickers import references_of, why_not_for
from connector.models import Connection
from sync.catalogue_entries import Entry, find_entries
from sync.discount_fit import DiscountUse
from sync.models import Price
from sync.wording import THREE_DECIMAL

Conflicts = dict[str, str]


def find_conflicts(
    definition: ActionDefinition, parameters: Mapping[str, Any], target: Sequence[str], connection: Connection
) -> Conflicts:
    """A sentence by field (``target`` included) for what could never work; empty where all is well.

    ``parameters`` are cleaned, and their plans, coupons and codes known to the mirror.
    """
    entries = find_entries(connection, [*references_of(definition.parameters, parameters), *target])
    plans = [entries[price] for price in target if price in entries]
    return {
        **_target_conflicts(definition, parameters, entries, plans),
        **_reference_conflicts(definition, parameters, target, entries),
        **_override_conflicts(definition, parameters, plans, connection),
        **_meter_conflicts(definition, parameters, connection),
    }


def discount_use(
    definition: ActionDefinition, price: str | None, target: Sequence[str], entries: Mapping[str, Entry]
) -> DiscountUse:
    """What a discount of this action would come off: the plan it moves the user to, else the targeted ones."""
    chosen = [price] if price else list(target)
    prices = [entries[one].row for one in chosen if one in entries and isinstance(entries[one].row, Price)]
    amounts: dict[str, Decimal | None] = {}
    for one in prices:
        amounts |= amounts_by_currency(one)
    if definition.needs is not Needs.CUSTOMER:  # other items and quantities are the user's
        amounts = dict.fromkeys(amounts)
    return DiscountUse(products=frozenset(one.product for one in prices), amounts=amounts)


def amounts_by_currency(price: Price) -> dict[str, Decimal | None]:
    """Of one unit, in minor units: https://docs.stripe.com/api/prices/object#price_object-currency_options"""
    options = {
        currency: _decimal(option.get("unit_amount"))
        for currency, option in (price.currency_options or {}).items()
    }
    return {**options, price.currency: price.unit_amount}


def _decimal(amount: Any) -> Decimal | None:
    return None if amount is None else Decimal(str(amount))


def _reference_conflicts(
    definition: ActionDefinition,
    parameters: Mapping[str, Any],
    target: Sequence[str],
    entries: Mapping[str, Entry],
) -> Conflicts:
    use = discount_use(definition, parameters.get("price"), target, entries)
    conflicts: Conflicts = {}
    for parameter in definition.parameters:
        entry = entries.get(parameters.get(parameter.name) or "")
        if entry is None or parameter.also_past:
            continue
        if isinstance(entry.row, Price) and entry.row.interval is None:
            conflicts[parameter.name] = f"{entry.label} is a one-time price. Choose a recurring one."
        elif entry.why_not:
            conflicts[parameter.name] = f"{entry.label} {entry.why_not}. Choose another one."
        elif misfit := why_not_for(entry, use):
            conflicts[parameter.name] = misfit
    return conflicts


def _target_conflicts(
    definition: ActionDefinition,
    parameters: Mapping[str, Any],
    entries: Mapping[str, Entry],
    plans: Sequence[Entry],
) -> Conflicts:
    new = entries.get(parameters.get("price") or "")
    billed = [new] if new else list(plans)
    if parameters.get("quantity") and billed and all(plan.row.usage_type == "metered" for plan in billed):
        return {"quantity": "A plan that is billed by usage has no quantity."}
    if new and plans and "canceled" not in definition.statuses:  # an ended one leaves the currency open
        paid_in = {currency for plan in plans for currency in amounts_by_currency(plan.row)}
        if paid_in.isdisjoint(amounts_by_currency(new.row)):
            return {"price": "The plan has no price in a currency of the targeted plans, and a switch keeps it."}
    return {}


def _override_conflicts(
    definition: ActionDefinition, parameters: Mapping[str, Any], plans: Sequence[Entry], connection: Connection
) -> Conflicts:
    """*Override price* works on the plans that an App admin has allowed, in their currency."""
    if definition.key != override_price.DEFINITION.key:
        return {}
    limit = ActionLimit.objects.filter(connection=connection, action=definition.key).first()
    allowed = set(limit.plans if limit else [])
    if plans:
        allowed &= {plan.stripe_id for plan in plans}
    if not allowed:
        field = "target" if plans else "unit_amount"
        return {
            field: "An App admin has to allow the plan under Activity, Limits, before its price can be overridden."
        }
    known, currency = find_entries(connection, allowed).values(), parameters["currency"]
    if known and all(currency not in amounts_by_currency(plan.row) for plan in known):
        return {"currency": f"No plan whose price may be overridden is billed in {currency.upper()}."}
    return _rounding_conflicts(parameters["unit_amount"], currency)


def _rounding_conflicts(amount: int, currency: str) -> Conflicts:
    """https://docs.stripe.com/currencies#three-decimal and #special-cases"""
    if currency in THREE_DECIMAL and amount % 10:
        return {"unit_amount": f"Stripe takes amounts in {currency.upper()} only with a last digit of 0."}
    if currency in {"isk", "ugx"} and amount % 100:
        return {"unit_amount": f"Stripe takes amounts in {currency.upper()} only without decimals."}
    return {}


def _meter_conflicts(
    definition: ActionDefinition, parameters: Mapping[str, Any], connection: Connection
) -> Conflicts:
    """Without the permission to list meters, whether there is one shows at the click."""
    conflicts: Conflicts = {}
    for parameter in definition.parameters:
        if parameter.picker is not Picker.METER:
            continue
        meters, chosen = list_meters(connection), parameters[parameter.name]
        if not meters.why_not and chosen not in meters.names:
            conflicts[parameter.name] = f"This Stripe account has no active meter “{chosen}”."
    return conflicts
