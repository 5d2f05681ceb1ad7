"""What time alone does: everything that falls due between two moments happens in order, at its own moment.

https://docs.stripe.com/billing/testing/test-clocks
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator

from engage_stripe.sandbox.billing import pending, phase_changes, renewals
from engage_stripe.sandbox.billing.draft import items_of
from engage_stripe.sandbox.billing.trials import WARNING_SECONDS, warn_if_near
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.state import Account

INCOMPLETE_SECONDS = 23 * 3600

Step = Callable[[Account, Obj], None]
Due = tuple[int, Step]


def run_until(account: Account, test_clock: str | None, until: int, set_time: Callable[[int], None]) -> None:
    """Carry out what falls due up to `until` for the subscriptions and schedules on a clock.

    `set_time` moves that clock; it is called before each step, so that everything happens in its own time.
    """
    waiting = [
        (due[0], place, holder)
        for place, holder in enumerate(_holders(account, test_clock))
        if (due := next_due(account, holder)) and due[0] <= until
    ]
    heapq.heapify(waiting)
    while waiting:
        at, place, holder = heapq.heappop(waiting)
        due = next_due(account, holder)
        if due and due[0] <= at:
            set_time(at)
            due[1](account, holder)
            due = next_due(account, holder)
        if due and due[0] <= until:
            heapq.heappush(waiting, (max(due[0], at), place, holder))
    set_time(until)


def next_due(account: Account, holder: Obj) -> Due | None:
    """The next thing that time does to a subscription, or to a schedule that has not started."""
    if holder["object"] == "subscription_schedule":
        if holder["status"] != "not_started":
            return None
        return holder["phases"][0]["start_date"], phase_changes.start
    dues = [*(() if holder["ended_at"] else _dues(account, holder)), *_invoice_dues(account, holder)]
    return min(dues, key=lambda due: due[0], default=None)


def _holders(account: Account, test_clock: str | None) -> list[Obj]:
    found: Iterable[Obj] = [*account.collection("subscription"), *account.collection("subscription_schedule")]
    return [each for each in found if each["test_clock"] == test_clock]


def _dues(account: Account, sub: Obj) -> Iterator[Due]:
    """Earlier ones come first where two fall on the same second: an end before the renewal it replaces."""
    yield from _limits(account, sub)
    schedule = account.get("subscription_schedule", sub["schedule"] or "")
    if schedule and schedule["current_phase"] and sub["status"] != "incomplete":
        yield schedule["current_phase"]["end_date"], phase_changes.advance_of
    if sub["status"] == "trialing":
        if not sub["_warned"]:
            yield sub["trial_end"] - WARNING_SECONDS, warn_if_near
        yield sub["trial_end"], renewals.end_trial
    elif sub["status"] in ("active", "past_due", "unpaid"):
        yield min(item["current_period_end"] for item in items_of(account, sub)), renewals.renew


def _invoice_dues(account: Account, sub: Obj) -> Iterator[Due]:
    for id in sub["_open_invoices"]:
        invoice = account.find("invoice", id)
        if invoice["status"] == "draft" and invoice["auto_advance"]:
            yield invoice["automatically_finalizes_at"], renewals.finalize_drafts
        elif invoice["next_payment_attempt"] is not None:
            yield invoice["next_payment_attempt"], renewals.retry
        elif invoice["due_date"] is not None and not invoice["_overdue"]:
            yield invoice["due_date"], renewals.mark_overdue


def _limits(account: Account, sub: Obj) -> Iterator[Due]:
    if sub["_pending"]:
        yield sub["_pending"]["expires_at"], _expire_pending
    if sub["status"] == "incomplete":
        yield sub["created"] + INCOMPLETE_SECONDS, renewals.expire_incomplete
        return
    if sub["cancel_at"] is not None:
        yield sub["cancel_at"], renewals.cancel_as_planned
    resumes = (sub["pause_collection"] or {}).get("resumes_at")
    if resumes is not None:
        yield resumes, renewals.resume_collection
    for id in renewals.discount_ids(account, sub):
        end = account.find("discount", id)["end"]
        if end is not None:
            yield end, renewals.expire_discounts


def _expire_pending(account: Account, sub: Obj) -> None:
    pending.discard(account, sub, account.now(sub["customer"]))
