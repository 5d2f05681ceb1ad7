"""Subscription schedules: phases that replace each other at set times.

https://docs.stripe.com/billing/subscriptions/subscription-schedules
"""

from __future__ import annotations

from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.state import Account


def attach(account: Account, schedule: Obj, sub: Obj) -> None:
    """Make the schedule the one that manages the subscription."""
    schedule |= {"status": "active", "subscription": sub["id"]}
    enter(account, schedule, schedule["phases"][0])
    with account.changing(sub, "customer.subscription.updated"):
        sub["schedule"] = schedule["id"]
        plan_end(schedule, sub)


def enter(account: Account, schedule: Obj, phase: Obj) -> None:
    """The phase that runs now; emits nothing by itself."""
    schedule["current_phase"] = {"start_date": phase["start_date"], "end_date": phase["end_date"]}
    account.add(schedule)


def plan_end(schedule: Obj, sub: Obj) -> None:
    """With `end_behavior=cancel` the subscription shows when it will end."""
    sub["cancel_at"] = schedule["phases"][-1]["end_date"] if schedule["end_behavior"] == "cancel" else None


def release(account: Account, schedule: Obj, now: int, *, preserve_cancel_date: bool = False) -> Obj:
    """The subscription goes on without the schedule: https://docs.stripe.com/api/subscription_schedules/release."""
    sub = account.get("subscription", schedule["subscription"] or "")
    schedule |= {
        "current_phase": None,
        "released_at": now,
        "released_subscription": schedule["subscription"],
        "status": "released",
        "subscription": None,
    }
    account.emit("subscription_schedule.released", schedule)
    if sub is not None:
        with account.changing(sub, "customer.subscription.updated"):
            sub["schedule"] = None
            if not preserve_cancel_date and not sub["cancel_at_period_end"]:
                sub["cancel_at"] = None
    return schedule


def forget(account: Account, sub: Obj, now: int) -> None:
    """The subscription ended: so does its schedule, completed when it ran to its own end."""
    schedule = account.get("subscription_schedule", sub["schedule"] or "")
    sub["schedule"] = None
    if schedule is None or schedule["status"] != "active":
        return
    schedule["current_phase"] = None
    if now >= schedule["phases"][-1]["end_date"]:
        schedule |= {"completed_at": now, "status": "completed"}
        account.emit("subscription_schedule.completed", schedule)
    else:
        schedule |= {"canceled_at": now, "status": "canceled"}
        account.emit("subscription_schedule.canceled", schedule)
