"""Subscription schedules: https://docs.stripe.com/api/subscription_schedules."""

from __future__ import annotations

from typing import Any

from engage_stripe.sandbox.billing import cancellation, phase_changes, schedules
from engage_stripe.sandbox.billing.blanks import blank_schedule
from engage_stripe.sandbox.billing.draft import items_of
from engage_stripe.sandbox.billing.phases import check_phases, current_phase_of, read_phases
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import invalid
from engage_stripe.sandbox.listing import PAGING, list_of
from engage_stripe.sandbox.resources.fields import merge_metadata
from engage_stripe.sandbox.routing import Call, Route
from engage_stripe.sandbox.shapes import Shape
from engage_stripe.sandbox.state import Account

LIVE = ("not_started", "active")


def create(call: Call) -> Obj:
    """`POST /v1/subscription_schedules`: of a subscription, with nothing else, or of a customer and phases."""
    if "from_subscription" in call.params:
        return _from_subscription(call)
    account, params = call.account, call.params
    if "customer" not in params or "phases" not in params:
        name = "customer" if "customer" not in params else "phases"
        raise invalid(f"Missing required param: {name}.", param=name, code="parameter_missing")
    customer = account.find("customer", params["customer"], param="customer", status=400)
    now = account.now(customer["id"])
    start = params.get("start_date", now)
    schedule = blank_schedule(account, customer, now if start == "now" else start)
    schedule["end_behavior"] = params.get("end_behavior", "release")
    merge_metadata(schedule, params)
    schedule["phases"] = read_phases(account, schedule, params["phases"], schedule["_start"])
    account.add(schedule)
    account.emit("subscription_schedule.created", schedule)
    if schedule["_start"] <= now:
        phase_changes.start(account, schedule)
    return schedule


def retrieve(call: Call) -> Obj:
    """`GET /v1/subscription_schedules/{schedule}`."""
    return _find(call)


def update(call: Call) -> Obj:
    """`POST /v1/subscription_schedules/{schedule}`: phases are replaced as a whole."""
    account, schedule, params = call.account, _find(call), call.params
    _check_live(schedule, "update")
    phases = schedule["phases"]
    if "phases" in params:
        phases = read_phases(account, schedule, params["phases"], phases[0]["start_date"])
        check_phases(schedule, phases)
    changed = current_phase_of(schedule["phases"], schedule) != current_phase_of(phases, schedule)
    sub = account.get("subscription", schedule["subscription"] or "")
    with account.changing(schedule, "subscription_schedule.updated"):
        schedule["phases"] = phases
        schedule["end_behavior"] = params.get("end_behavior", schedule["end_behavior"])
        merge_metadata(schedule, params)
        phase = current_phase_of(phases, schedule)
        if phase is not None:
            schedules.enter(account, schedule, phase)
    if sub is not None:
        _follow(account, sub, schedule, changed=changed, behavior=params.get("proration_behavior"))
    return schedule


def release(call: Call) -> Obj:
    """`POST /v1/subscription_schedules/{schedule}/release`."""
    schedule = _find(call)
    _check_live(schedule, "release")
    return schedules.release(
        call.account,
        schedule,
        call.account.now(schedule["customer"]),
        preserve_cancel_date=call.params.get("preserve_cancel_date", False),
    )


def cancel(call: Call) -> Obj:
    """`POST /v1/subscription_schedules/{schedule}/cancel`: its subscription ends at once, prorated."""
    account, schedule = call.account, _find(call)
    _check_live(schedule, "cancel")
    sub = account.get("subscription", schedule["subscription"] or "")
    if sub is None:
        schedule |= {"canceled_at": account.now(schedule["customer"]), "status": "canceled"}
        account.emit("subscription_schedule.canceled", schedule)
        return schedule
    cancellation.cancel(
        account,
        sub,
        reason=cancellation.REQUESTED,
        prorate=call.params.get("prorate", True),
        invoice_now=call.params.get("invoice_now", True),
    )
    return schedule


def index(call: Call) -> Obj:
    """`GET /v1/subscription_schedules`."""
    scheduled = call.params.get("scheduled")
    return list_of(
        call,
        "subscription_schedule",
        where=lambda schedule: not scheduled or schedule["status"] == "not_started",
        customer=call.params.get("customer"),
    )


def show(_account: Account, schedule: Obj) -> Obj:
    """The API form."""
    return {name: value for name, value in schedule.items() if name[0] != "_"}


def _from_subscription(call: Call) -> Obj:
    account = call.account
    for name in call.params:
        if name not in ("from_subscription", "expand"):
            raise invalid(f"You cannot set `{name}` if `from_subscription` is set.", param=name)
    given = call.params["from_subscription"]
    sub = account.find("subscription", given, param="from_subscription", status=400)
    if sub["schedule"]:
        raise invalid(
            f"You cannot migrate a subscription that is already attached to a schedule: `{sub['schedule']}`.",
            param="from_subscription",
        )
    if sub["status"] in ("canceled", "incomplete", "incomplete_expired"):
        raise invalid(
            f"You cannot migrate a subscription that is {sub['status']} to a schedule.",
            param="from_subscription",
        )
    customer = account.find("customer", sub["customer"])
    schedule = blank_schedule(account, customer, account.now(customer["id"]))
    schedule["billing_mode"] = sub["billing_mode"]
    schedule["phases"] = [_phase_of(account, sub)]
    # https://docs.stripe.com/billing/subscriptions/subscription-schedules: a planned end is taken over
    schedule["end_behavior"] = "release" if sub["cancel_at"] is None else "cancel"
    account.add(schedule)
    schedules.attach(account, schedule, sub)
    account.emit("subscription_schedule.created", schedule)
    return schedule


def _phase_of(account: Account, sub: Obj) -> Obj:
    items = items_of(account, sub)
    given: dict[str, Any] = {
        "discounts": [{"discount": id} for id in sub["discounts"]],
        "items": [_phase_item(item) for item in items],
        "metadata": {},
        "start_date": min(item["current_period_start"] for item in items),
        "end_date": sub["cancel_at"] or min(item["current_period_end"] for item in items),
    }
    if sub["status"] == "trialing":
        given["trial_end"] = sub["trial_end"]
    holder = {"customer": sub["customer"], "_currency": sub["currency"]}
    return read_phases(account, holder, [given], given["start_date"])[0]


def _phase_item(item: Obj) -> dict[str, Any]:
    given: dict[str, Any] = {name: item[name] for name in ("price", "quantity", "metadata") if name in item}
    return {**given, "discounts": [{"discount": id} for id in item["discounts"]]}


def _follow(account: Account, sub: Obj, schedule: Obj, *, changed: bool, behavior: str | None) -> None:
    if changed:
        phase = current_phase_of(schedule["phases"], schedule)
        if phase is not None:
            behaving = {**phase, "proration_behavior": behavior or "create_prorations"}
            phase_changes.apply_phase(account, sub, behaving)
    with account.changing(sub, "customer.subscription.updated"):
        schedules.plan_end(schedule, sub)


def _find(call: Call) -> Obj:
    return call.account.find("subscription_schedule", call.path["schedule"])


def _check_live(schedule: Obj, verb: str) -> None:
    if schedule["status"] not in LIVE:
        raise invalid(
            f"You cannot {verb} a subscription schedule that is currently in the `{schedule['status']}` "
            "status. It must be in `not_started` or `active`."
        )


_REFUSED = (
    "phases.add_invoice_items phases.application_fee_percent phases.automatic_tax "
    "phases.billing_cycle_anchor phases.billing_thresholds phases.default_tax_rates "
    "phases.invoice_settings phases.on_behalf_of phases.transfer_data phases.items.billing_thresholds "
    "phases.items.plan phases.items.tax_rates"
)
_ONE = "/v1/subscription_schedules/{schedule}"

ROUTES = (
    Route(
        "POST",
        "/v1/subscription_schedules",
        create,
        "subscription_schedule_write",
        accepts="customer end_behavior from_subscription metadata phases start_date",
        refuses=_REFUSED,
    ),
    Route(
        "GET",
        "/v1/subscription_schedules",
        index,
        "subscription_schedule_read",
        accepts=f"{PAGING} created customer scheduled",
    ),
    Route("GET", _ONE, retrieve, "subscription_schedule_read"),
    Route(
        "POST",
        _ONE,
        update,
        "subscription_schedule_write",
        accepts="end_behavior metadata phases proration_behavior",
        refuses=_REFUSED,
    ),
    Route(
        "POST",
        f"{_ONE}/release",
        release,
        "subscription_schedule_write",
        accepts="preserve_cancel_date",
    ),
    Route(
        "POST",
        f"{_ONE}/cancel",
        cancel,
        "subscription_schedule_write",
        accepts="invoice_now prorate",
    ),
)

SHAPES = {
    "subscription_schedule": Shape(
        render=show,
    )
}
