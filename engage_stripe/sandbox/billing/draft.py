"""A subscription while it is being changed: nothing touches the account before `commit`.

So a preview, or a payment that must succeed first, can work out everything and leave no trace.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from engage_stripe.sandbox.billing.customer_discounts import customer_discount
from engage_stripe.sandbox.billing.discounting import AppliedDiscount, Discountable, apply_discounts
from engage_stripe.sandbox.billing.lines import Line
from engage_stripe.sandbox.billing.trials import warn_if_near
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.state import Account

_BOOKKEEPING = ("_open_invoices", "_pending", "_waiting")


@dataclass
class Draft:
    """Copies of the stored subscription and its items, the discounts minted and the lines to bill.

    `bill_now` says that an invoice is due at once; otherwise the lines wait for the next one.
    """

    account: Account
    now: int
    sub: Obj
    items: list[Obj]
    removed: list[Obj] = field(default_factory=list)
    dropped: list[Obj] = field(default_factory=list)
    minted: dict[str, Obj] = field(default_factory=dict)
    new_prices: dict[str, Obj] = field(default_factory=dict)
    redeemed: list[Obj] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    bill_now: bool = False

    @classmethod
    def of(cls, account: Account, sub: Obj) -> Draft:
        """A draft of a stored subscription as it is."""
        now = account.now(sub["customer"])
        own = {name: value for name, value in sub.items() if name != "_pending"}
        return cls(account, now, copy.deepcopy(own), copy.deepcopy(items_of(account, sub)))

    def item(self, id: str) -> Obj | None:
        """The item with that id, unless it is removed."""
        return next((item for item in self.items if item["id"] == id), None)

    def price(self, item: Obj) -> Obj:
        """The price of an item."""
        return self.new_prices.get(item["price"]) or self.account.find("price", item["price"])

    def discount(self, id: str) -> Obj:
        """A live discount, minted here or stored."""
        return self.minted.get(id) or self.account.find("discount", id)

    def applied_discounts(self) -> list[AppliedDiscount]:
        """What reduces this subscription's lines now; the customer's discount where it has none of its own."""
        of_customer = customer_discount(self.account, self.sub["customer"])
        of_all = self.sub["discounts"] or ([of_customer] if of_customer else [])
        found = [AppliedDiscount(id, self.discount(id)["_coupon"]) for id in of_all]
        for item in self.items:
            found += [AppliedDiscount(id, self.discount(id)["_coupon"], item["id"]) for id in item["discounts"]]
        return [each for each in found if self._runs(each.id)]

    def discounted(self, amounts: dict[str, int]) -> dict[str, dict[str, int]]:
        """What each discount takes from whole-period amounts, by item id."""
        lines = [
            Discountable(amounts[item["id"]], self.price(item)["product"], item["id"])
            for item in self.items
            if item["id"] in amounts
        ]
        apply_discounts(lines, self.applied_discounts(), self.sub["currency"])
        return {str(line.item): line.taken for line in lines}

    def commit(self) -> Obj:
        """Write everything and emit the subscription's event; returns the stored subscription."""
        account, stored = self.account, self.account.get("subscription", self.sub["id"])
        self.sub["items"] = [item["id"] for item in self.items]
        if stored is None:
            self._write()
            stored = account.add(self.sub)
            account.emit("customer.subscription.created", stored)
        else:
            # What happened to the stored one since the draft was made is not the draft's to undo.
            changed = {name: value for name, value in self.sub.items() if name not in _BOOKKEEPING}
            with account.changing(stored, "customer.subscription.updated"):
                self._write()
                stored.update(changed)
        warn_if_near(account, stored)
        return stored

    def _write(self) -> None:
        for price in self.new_prices.values():
            self.account.add(price)
            self.account.emit("price.created", price)
        for item in self.items:
            self.account.add(item)
        for item in self.removed:
            self.account.remove(item)
        for discount in self.dropped:
            self.account.remove(discount)
            self.account.emit("customer.discount.deleted", discount)
        for discount in self.minted.values():
            self.account.add(discount)
            self.account.emit("customer.discount.created", discount)
        for counted in self.redeemed:
            counted["times_redeemed"] += 1

    def _runs(self, id: str) -> bool:
        end: Any = self.discount(id)["end"]
        return end is None or end > self.now


def items_of(account: Account, sub: Obj) -> list[Obj]:
    """The stored items of a subscription, in order."""
    return [account.find("subscription_item", id) for id in sub["items"]]
