"""Invoices from draft to paid: https://docs.stripe.com/invoicing/integration/workflow-transitions."""

from __future__ import annotations

import copy
from collections.abc import Iterable

from engage_stripe.sandbox.billing.blanks import blank_invoice
from engage_stripe.sandbox.billing.draft import Draft
from engage_stripe.sandbox.billing.lines import Line, line_json
from engage_stripe.sandbox.billing.periods import DAY
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.state import Account


def new_invoice(draft: Draft, reason: str) -> Obj:
    """A draft invoice, not stored, of the draft's lines and the invoice items that wait for one."""
    account, sub = draft.account, draft.sub
    customer = account.find("customer", sub["customer"])
    waiting = [account.find("invoiceitem", id) for id in sub["_waiting"]]
    lines = [copy.deepcopy(item["_line"]) for item in waiting]
    lines += [line_json(account, line, _own_item(account, line)) for line in draft.lines]
    invoice = blank_invoice(account, customer, draft.now)
    invoice |= {
        "_waiting": list(sub["_waiting"]),
        "billing_reason": reason,
        "collection_method": sub["collection_method"],
        "currency": sub["currency"],
        "default_payment_method": sub["default_payment_method"],
        "default_source": sub["default_source"],
        "description": sub["description"],
        "discounts": list(sub["discounts"]),
        "parent": _parent(sub),
        "test_clock": sub["test_clock"],
    }
    if sub["collection_method"] == "send_invoice":
        invoice["due_date"] = draft.now + sub["days_until_due"] * DAY
    _put_lines(invoice, lines)
    return invoice


def balance_after(invoice: Obj, starting_balance: int) -> tuple[int, int]:
    """(amount due, ending balance): a negative balance pays, a positive one is collected, credit is kept.

    https://docs.stripe.com/billing/customer/balance
    """
    owed = int(invoice["total"]) + starting_balance
    return (owed, 0) if owed > 0 else (0, owed)


def store(account: Account, sub: Obj, invoice: Obj) -> Obj:
    """Keep a new draft invoice; the waiting items it took are its own from now on."""
    taken = invoice.pop("_waiting")
    for id in taken:
        account.find("invoiceitem", id)["invoice"] = invoice["id"]
    sub["_waiting"] = [id for id in sub["_waiting"] if id not in taken]
    account.add(invoice)
    account.emit("invoice.created", invoice)
    return invoice


def keep_waiting(draft: Draft) -> None:
    """Turn the draft's lines into invoice items that wait for the subscription's next invoice."""
    sub = draft.account.find("subscription", draft.sub["id"])
    for line in draft.lines:
        item = _invoice_item(draft, line)
        draft.account.add(item)
        draft.account.emit("invoiceitem.created", item)
        sub["_waiting"].append(item["id"])


def finalize(account: Account, invoice: Obj, now: int) -> None:
    """Number the invoice, take the customer's balance into account, open it; nothing due means paid."""
    customer = account.find("customer", invoice["customer"])
    due, ending = balance_after(invoice, customer["balance"])
    invoice |= {
        "amount_due": due,
        "amount_remaining": due,
        "attempted": due == 0,
        "automatically_finalizes_at": None,
        "effective_at": now,
        "ending_balance": ending,
        "hosted_invoice_url": f"https://invoice.stripe.com/i/{account.id}/test_{account.ids.text(24)}",
        "invoice_pdf": f"https://pay.stripe.com/invoice/{account.id}/test_{account.ids.text(24)}/pdf",
        "number": _next_number(customer),
        "starting_balance": customer["balance"],
        "status": "open",
    }
    invoice["status_transitions"]["finalized_at"] = now
    if ending != customer["balance"]:
        with account.changing(customer, "customer.updated"):
            customer["balance"] = ending
    account.emit("invoice.finalized", invoice)


def mark_paid(account: Account, invoice: Obj, now: int, *, out_of_band: bool = False) -> None:
    """The money is there: https://docs.stripe.com/api/events/types#event_types-invoice.paid."""
    before = copy.deepcopy(invoice["status"])
    invoice |= {
        "amount_paid": 0 if out_of_band else invoice["amount_due"],
        "amount_paid_off_stripe": invoice["amount_due"] if out_of_band else 0,
        "amount_remaining": 0,
        "attempted": True,
        "auto_advance": False,
        "next_payment_attempt": None,
        "status": "paid",
    }
    invoice["status_transitions"]["paid_at"] = now
    account.emit("invoice.updated", invoice, {"status": before})
    account.emit("invoice.paid", invoice)
    account.emit("invoice.payment_succeeded", invoice)


def void(account: Account, invoice: Obj, now: int) -> None:
    """It counts as zero from now on, and the balance it used goes back to the customer.

    https://docs.stripe.com/invoicing/overview#void, https://docs.stripe.com/billing/customer/balance
    """
    customer = account.get("customer", invoice["customer"])
    used = invoice["starting_balance"] - (invoice["ending_balance"] or 0)
    if customer is not None and invoice["status"] != "draft" and used:
        with account.changing(customer, "customer.updated"):
            customer["balance"] += used
    invoice |= {"auto_advance": False, "next_payment_attempt": None, "status": "void"}
    invoice["status_transitions"]["voided_at"] = now
    account.emit("invoice.voided", invoice)


def _next_number(customer: Obj) -> str:
    sequence = customer["next_invoice_sequence"]
    customer["next_invoice_sequence"] = sequence + 1
    return f"{customer['invoice_prefix']}-{sequence:04d}"


def _put_lines(invoice: Obj, lines: list[Obj]) -> None:
    for line in lines:
        line["invoice"] = invoice["id"]
    subtotal = sum(line["amount"] for line in lines)
    discounts = _sum_discounts(lines)
    total = subtotal - sum(each["amount"] for each in discounts)
    invoice |= {
        "_lines": lines,
        "amount_due": max(total, 0),
        "amount_remaining": max(total, 0),
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal,
        "total": total,
        "total_discount_amounts": discounts,
        "total_excluding_tax": total,
    }


def _sum_discounts(lines: Iterable[Obj]) -> list[Obj]:
    sums: dict[str, int] = {}
    for line in lines:
        for each in line["discount_amounts"]:
            sums[each["discount"]] = sums.get(each["discount"], 0) + each["amount"]
    return [{"amount": amount, "discount": discount} for discount, amount in sums.items()]


def _own_item(account: Account, line: Line) -> str | None:
    return account.ids.new("ii") if line.proration or line.item is None else None


def _invoice_item(draft: Draft, line: Line) -> Obj:
    account = draft.account
    id = account.ids.new("ii")
    shown = line_json(account, line, id)
    taken = [each["discount"] for each in shown["discount_amounts"]]
    return {
        "id": id,
        "object": "invoiceitem",
        "_line": shown,
        "amount": shown["amount"],
        "currency": line.currency,
        "customer": draft.sub["customer"],
        "customer_account": None,
        "date": draft.now,
        "description": line.description,
        "discountable": shown["discountable"],
        "discounts": taken,
        "invoice": None,
        "livemode": account.livemode,
        "metadata": {},
        "net_amount": line.rest,
        "parent": {
            "type": "subscription_details",
            "subscription_details": {"subscription": draft.sub["id"], "subscription_item": line.item},
        },
        "period": shown["period"],
        "pricing": shown["pricing"],
        "proration": line.proration,
        "proration_details": {"discount_amounts": shown["discount_amounts"]} if line.proration else None,
        "quantity": line.quantity or 0,
        "quantity_decimal": str(line.quantity or 0),
        "tax_rates": [],
        "test_clock": draft.sub["test_clock"],
    }


def _parent(sub: Obj) -> Obj:
    details = {"metadata": dict(sub["metadata"]), "subscription": sub["id"]}
    return {"type": "subscription_details", "subscription_details": details, "quote_details": None}
