"""The lines of a change or a period: full periods, credits for unused and debits for remaining time.

https://docs.stripe.com/billing/subscriptions/prorations
"""

from __future__ import annotations

from dataclasses import asdict

from engage_stripe.sandbox.billing.amounts import in_currency, price_amount
from engage_stripe.sandbox.billing.draft import Draft
from engage_stripe.sandbox.billing.lines import Line, describe_period, describe_proration
from engage_stripe.sandbox.billing.proration import Debit, prorate, split
from engage_stripe.sandbox.billing.usage import metered_quantity
from engage_stripe.sandbox.collection import Obj


def is_metered(price: Obj) -> bool:
    """Billed after the period by usage, rather than before it by quantity."""
    return bool(price["recurring"]["usage_type"] == "metered")


def bill_periods(draft: Draft, items: list[Obj], *, trial: bool = False) -> None:
    """Add each licensed item's current period as a line and remember it as that item's debit."""
    licensed = [item for item in items if not is_metered(draft.price(item))]
    amounts = {item["id"]: 0 if trial else full_amount(draft, item) for item in licensed}
    taken = draft.discounted(amounts)
    for item in licensed:
        price, quantity, start, end = _terms(draft, item)
        text = describe_period(draft.account, price, quantity, draft.sub["currency"], trial=trial)
        line = _line(draft, item, text, amounts[item["id"]], start, end, taken[item["id"]])
        draft.lines.append(line)
        item["_debits"] = [asdict(Debit(line.amount, start, end, dict(line.taken)))]


def bill_usage(draft: Draft, items: list[Obj]) -> None:
    """Add the usage of each metered item's current period as a line.

    https://docs.stripe.com/billing/subscriptions/usage-based
    """
    metered = [item for item in items if is_metered(draft.price(item))]
    used = {item["id"]: metered_quantity(draft, item) for item in metered}
    amounts = {item["id"]: full_amount(draft, item, used[item["id"]]) for item in metered}
    taken = draft.discounted(amounts)
    for item in metered:
        price, _, start, end = _terms(draft, item)
        quantity = used[item["id"]]
        text = describe_period(draft.account, price, quantity, draft.sub["currency"], trial=False)
        line = _line(draft, item, text, amounts[item["id"]], start, end, taken[item["id"]])
        line.quantity = quantity
        draft.lines.append(line)


def credit_unused(draft: Draft, item: Obj, at: int) -> None:
    """Credit what is left of the item's period after `at`; `item` still carries the old price and quantity.

    Flexible mode gives back what was debited, classic mode the current value.
    """
    if is_metered(draft.price(item)):
        return
    debits = [Debit(**debit) for debit in item["_debits"]]
    if draft.sub["billing_mode"]["type"] == "classic":
        debits = [_classic_debit(draft, item)]
    kept, unused = split(debits, at)
    item["_debits"] = [asdict(debit) for debit in kept]
    price, quantity, _, _ = _terms(draft, item)
    text = describe_proration(draft.account, price, quantity, at, credit=True)
    for debit in unused:
        taken = {key: -amount for key, amount in debit.discounts.items()}
        line = _line(draft, item, text, -debit.amount, debit.start, debit.end, taken)
        draft.lines.append(_as_proration(draft, line))


def debit_remaining(draft: Draft, items: list[Obj], at: int) -> None:
    """Debit what the items cost from `at` to the end of their periods."""
    licensed = [item for item in items if not is_metered(draft.price(item))]
    taken = draft.discounted({item["id"]: full_amount(draft, item) for item in draft.items})
    for item in licensed:
        price, quantity, start, end = _terms(draft, item)
        amount = prorate(full_amount(draft, item), start, end, at)
        share = {key: prorate(whole, start, end, at) for key, whole in taken[item["id"]].items()}
        text = describe_proration(draft.account, price, quantity, at, credit=False)
        line = _line(draft, item, text, amount, max(at, start), end, share)
        draft.lines.append(_as_proration(draft, line))
        item["_debits"].append(asdict(Debit(amount, line.start, end, share)))


def full_amount(draft: Draft, item: Obj, quantity: int | None = None) -> int:
    """The undiscounted cost of the item for one whole period; 0 for metered ones without a quantity."""
    price = draft.price(item)
    if quantity is None:
        if is_metered(price):
            return 0
        quantity = item["quantity"]
    return price_amount(in_currency(price, draft.sub["currency"]), quantity)


def _classic_debit(draft: Draft, item: Obj) -> Debit:
    amounts = {each["id"]: full_amount(draft, each) for each in draft.items}
    taken = draft.discounted(amounts).get(item["id"], {})
    return Debit(full_amount(draft, item), item["current_period_start"], item["current_period_end"], taken)


def _terms(draft: Draft, item: Obj) -> tuple[Obj, int, int, int]:
    quantity = item.get("quantity", 0)
    return draft.price(item), quantity, item["current_period_start"], item["current_period_end"]


def _line(draft: Draft, item: Obj, text: str, amount: int, start: int, end: int, taken: dict[str, int]) -> Line:
    return Line(
        description=text,
        amount=amount,
        currency=draft.sub["currency"],
        start=start,
        end=end,
        price=draft.price(item),
        quantity=item.get("quantity"),
        subscription=draft.sub["id"],
        item=item["id"],
        taken=taken,
        metadata=dict(item["metadata"]),
    )


def _as_proration(draft: Draft, line: Line) -> Line:
    flexible = draft.sub["billing_mode"].get("flexible") or {}
    line.proration = True
    line.net = flexible.get("proration_discounts") != "itemized"
    return line
