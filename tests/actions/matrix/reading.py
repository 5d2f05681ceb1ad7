"""What is in an account, in words: everything that a bill depends on, and a list of whatever else changed."""

from collections.abc import Iterable, Mapping
from typing import Any

Obj = dict[str, Any]
DAY = 86_400
NO_MORE = "no more"
# What the words below say, or what follows from it; a change of anything else is told under "other".
SAID = {
    "subscription": {
        "status", "items", "discounts", "cancel_at", "cancel_at_period_end", "canceled_at", "cancellation_details",
        "trial_start", "trial_end", "billing_cycle_anchor", "pause_collection", "collection_method",
        "days_until_due", "pending_update", "latest_invoice", "schedule", "status_details",
        "default_payment_method", "ended_at",
    },
    "subscription_item": {"price", "quantity", "current_period_start", "current_period_end", "discounts"},
    "customer": {"balance", "delinquent", "currency", "next_invoice_sequence", "discount"},
    "coupon": {"times_redeemed"},
    "promotion_code": {"times_redeemed"},
    "price": set(),
    "subscription_schedule": {
        "status", "phases", "current_phase", "end_behavior", "metadata", "released_at", "released_subscription",
        "subscription", "canceled_at",
    },
}  # fmt: skip
TOLD = ("invoice", "invoiceitem", "discount", "billing.meter_event")


class Account:
    """The account's objects; ``names`` says what ids are called."""

    def __init__(self, objects: Iterable[Obj], names: Mapping[str, str]) -> None:
        self.by_id = {obj["id"]: obj for obj in objects}
        self.called = {id: name for name, id in names.items()}
        self.now = int(self.by_id[names["clock"]]["frozen_time"])

    def of_type(self, type: str) -> list[Obj]:
        return [obj for obj in self.by_id.values() if obj["object"] == type]

    def name(self, id: str) -> str:
        return self.called.get(id, "new")

    def when(self, moment: int | None) -> str | None:
        """``+15 d`` from now."""
        return None if moment is None else f"{(moment - self.now) / DAY:+g} d"


def changes(before: Account, after: Account) -> dict[str, Any]:
    """By word, what is now and was not before."""
    was, now = _words(before), _words(after)
    found = {word: now.get(word, NO_MORE) for word in {**was, **now} if was.get(word) != now.get(word)}
    bills = [bill for id, bill in _bills(after).items() if _bills(before).get(id) != bill]
    return found | ({"bills": bills} if bills else {}) | _other(before, after)


def _words(account: Account) -> dict[str, Any]:
    words: dict[str, Any] = {}
    for sub in account.of_type("subscription"):
        of = "" if account.name(sub["id"]) == "subscription" else "new "
        words |= {f"{of}{word}": value for word, value in _of_subscription(account, sub).items()}
    for customer in account.of_type("customer"):
        if customer["balance"]:
            words["balance"] = customer["balance"]
    for counted in (*account.of_type("coupon"), *account.of_type("promotion_code")):
        if counted["times_redeemed"]:
            words[f"redeemed {account.name(counted['id'])}"] = counted["times_redeemed"]
    waiting = [item["net_amount"] for item in account.of_type("invoiceitem") if item["invoice"] is None]
    usage = [
        f"{event['payload']['value']} {event['event_name']}" for event in account.of_type("billing.meter_event")
    ]
    made = [price for price in account.of_type("price") if price["id"] not in account.called]
    words |= {"new prices": len(made)} if made else {}
    return words | ({"waits": sum(waiting)} if waiting else {}) | ({"usage": usage} if usage else {})


def _of_subscription(account: Account, sub: Obj) -> dict[str, Any]:
    items = [account.by_id[id] for id in sub["items"]]
    pausing = sub["pause_collection"]
    words = {
        "status": sub["status"],
        "items": {_item_name(account, item): _item(account, item) for item in items},
        "discounts": [_discount(account, id) for id in sub["discounts"]],
        "ends": account.when(sub["cancel_at"]),
        "ends with the period": sub["cancel_at_period_end"] or None,
        "feedback": sub["cancellation_details"]["feedback"],
        "trial": account.when(sub["trial_end"]),
        "anchor": account.when(sub["billing_cycle_anchor"]),
        "period": account.when(min(item["current_period_end"] for item in items)),
        "collection": pausing and f"{pausing['behavior']} until {account.when(pausing['resumes_at'])}",
        "paid by": " ".join(str(sub[name]) for name in ("collection_method", "days_until_due") if sub[name]),
        "card of its own": sub["default_payment_method"] and account.name(sub["default_payment_method"]),
        "waits for payment": _pending(account, sub["pending_update"]),
        "schedule": _schedule(account, sub["schedule"]),
    }
    return {word: value for word, value in words.items() if value is not None}


def _item_name(account: Account, item: Obj) -> str:
    return account.called.get(item["id"], f"new {_price(account, item['price'])}")


def _item(account: Account, item: Obj) -> str:
    """``2 pro``, with its own discounts."""
    return ", ".join([_sold(account, item), *(_discount(account, id) for id in item["discounts"])])


def _sold(account: Account, item: Obj) -> str:
    name = _price(account, item["price"])
    return f"{item['quantity']} {name}" if item.get("quantity") is not None else name


def _price(account: Account, id: str) -> str:
    price = account.by_id[id]
    if id in account.called:
        return account.called[id]
    product = account.name(price["product"]).removesuffix(" product")
    every = f"{price['recurring']['interval_count']} {price['recurring']['interval']}"
    return f"{product} at {price['unit_amount']} {price['currency']} every {every}"


def _discount(account: Account, id: str) -> str:
    coupon = account.name(account.by_id[id]["source"]["coupon"])
    code = account.by_id[id]["promotion_code"]
    minted = "" if id in account.called else f"new {account.name(code)} of " if code else "new "
    return minted + coupon


def _pending(account: Account, pending: Obj | None) -> str | None:
    if pending is None:
        return None
    items = [_item(account, item) for item in pending["subscription_items"] or []]
    discounts = [_pending_discount(account, id) for id in pending["discounts"] or []]
    return ", ".join([*items, *discounts]) or "the end of the trial"


def _pending_discount(account: Account, id: str) -> str:
    return _discount(account, id) if id in account.by_id else "a new discount"


def _schedule(account: Account, id: str | None) -> list[str] | None:
    """Each phase: when it ends, what is sold in it, and with which discounts."""
    if id is None:
        return None
    return [_phase(account, phase) for phase in account.by_id[id]["phases"]]


def _phase(account: Account, phase: Obj) -> str:
    items = [_sold(account, item) for item in phase["items"]]
    given = [one["discount"] or one["coupon"] for one in phase["discounts"]]
    discounts = [_discount(account, id) if id.startswith("di_") else f"new {account.name(id)}" for id in given]
    return f"until {account.when(phase['end_date'])}: {', '.join([*items, *discounts])}"


def _bills(account: Account) -> dict[str, str]:
    """Every invoice: its total in cents and how it stands."""
    return {invoice["id"]: f"{invoice['total']} {invoice['status']}" for invoice in account.of_type("invoice")}


def _other(before: Account, after: Account) -> dict[str, list[str]]:
    found = [
        f"{obj['object']} is gone" for id, obj in before.by_id.items() if id not in after.by_id and _counts(obj)
    ]
    for id, obj in after.by_id.items():
        was = before.by_id.get(id)
        if was is None:
            found += [f"new {obj['object']}"] if _counts(obj) and obj["object"] not in SAID else []
        elif _counts(obj):
            found += [
                f"{obj['object']}.{name}" for name in obj if was.get(name) != obj[name] and _is_other(obj, name)
            ]
    return {"other": found} if found else {}


def _counts(obj: Obj) -> bool:
    return obj["object"] not in TOLD


def _is_other(obj: Obj, name: str) -> bool:
    return name[0] != "_" and name not in SAID.get(obj["object"], ())
