"""Subscriptions: https://docs.stripe.com/api/subscriptions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engage_stripe.sandbox.billing import cancellation, collecting
from engage_stripe.sandbox.billing.creation import create_subscription
from engage_stripe.sandbox.billing.draft import items_of
from engage_stripe.sandbox.billing.pausing import pause_subscription, resume_subscription
from engage_stripe.sandbox.billing.updates import ENDED, managed_by_schedule, update_subscription
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import missing
from engage_stripe.sandbox.listing import PAGING, in_range, list_object, list_of
from engage_stripe.sandbox.plans import plan_of
from engage_stripe.sandbox.routing import Call, Route
from engage_stripe.sandbox.shapes import Shape, render
from engage_stripe.sandbox.state import Account

MAX_NESTED = 10


def create(call: Call) -> Obj:
    """`POST /v1/subscriptions`."""
    return create_subscription(call.account, call.params)


def retrieve(call: Call) -> Obj:
    """`GET /v1/subscriptions/{subscription_exposed_id}`."""
    return _find(call)


def update(call: Call) -> Obj:
    """`POST /v1/subscriptions/{subscription_exposed_id}`."""
    return update_subscription(call.account, _find(call), call.params)


def cancel(call: Call) -> Obj:
    """`DELETE /v1/subscriptions/{subscription_exposed_id}`; a second one finds nothing to cancel."""
    sub = _find(call)
    if sub["status"] in ENDED:
        raise missing("subscription", sub["id"])
    if sub["schedule"]:
        raise managed_by_schedule(sub)
    sub["cancellation_details"] |= call.params.get("cancellation_details") or {}
    if sub["status"] == "incomplete":
        collecting.expire(call.account, sub, call.account.now(sub["customer"]), canceled=True)
        return sub
    return cancellation.cancel(
        call.account,
        sub,
        reason=cancellation.REQUESTED,
        prorate=call.params.get("prorate", False),
        invoice_now=call.params.get("invoice_now", False),
    )


def pause(call: Call) -> Obj:
    """`POST /v1/subscriptions/{subscription}/pause`."""
    sub = call.account.find("subscription", call.path["subscription"])
    return pause_subscription(call.account, sub, call.params)


def resume(call: Call) -> Obj:
    """`POST /v1/subscriptions/{subscription}/resume`."""
    sub = call.account.find("subscription", call.path["subscription"])
    return resume_subscription(call.account, sub, call.params)


def index(call: Call) -> Obj:
    """`GET /v1/subscriptions`: without a `status`, canceled ones are left out."""
    params = call.params
    tests = [_status_test(params.get("status"))]
    plain = ("collection_method", "test_clock")
    tests += [_equals(name, params[name]) for name in plain if name in params]
    price = params.get("price") or params.get("plan")
    if price is not None:
        tests.append(lambda sub: any(item["price"] == price for item in items_of(call.account, sub)))
    periods = ("current_period_start", "current_period_end")
    tests += [_period_test(call.account, name, params[name]) for name in periods if name in params]
    return list_of(
        call,
        "subscription",
        where=lambda sub: all(test(sub) for test in tests),
        customer=params.get("customer"),
    )


def show(account: Account, sub: Obj) -> Obj:
    """The API form: items as a list object, the first ten of them."""
    shown = {name: value for name, value in sub.items() if name[0] != "_"}
    items = [show_item(account, item) for item in items_of(account, sub)]
    url = f"/v1/subscription_items?subscription={sub['id']}"
    page = list_object(url, items[:MAX_NESTED], has_more=len(items) > MAX_NESTED)
    shown["items"] = {**page, "total_count": len(items)}
    if sub["pending_update"] and sub["pending_update"]["subscription_items"]:
        waiting = [show_item(account, item) for item in sub["pending_update"]["subscription_items"]]
        shown["pending_update"] = sub["pending_update"] | {"subscription_items": waiting}
    return shown


def show_item(account: Account, item: Obj) -> Obj:
    """The API form of an item: its price in full, unless it is the tombstone of a deleted one."""
    if item.get("deleted"):
        return item
    shown = {name: value for name, value in item.items() if name[0] != "_"}
    price = account.get("price", item["price"])
    shown["price"] = render(account, price) if price else item["price"]
    shown["plan"] = plan_of(price) if price else None
    return shown


def _find(call: Call) -> Obj:
    return call.account.find("subscription", call.path["subscription_exposed_id"])


def _status_test(status: str | None) -> Callable[[Obj], bool]:
    if status is None:
        return lambda sub: sub["status"] not in ENDED
    if status == "all":
        return lambda _: True
    if status == "ended":
        return lambda sub: sub["status"] in ENDED
    return _equals("status", status)


def _equals(name: str, wanted: Any) -> Callable[[Obj], bool]:
    return lambda sub: bool(sub[name] == wanted)


def _period_test(account: Account, name: str, wanted: Any) -> Callable[[Obj], bool]:
    return lambda sub: any(in_range(item[name], wanted) for item in items_of(account, sub))


_BOTH = (
    "add_invoice_items billing_cycle_anchor cancel_at cancel_at_period_end collection_method "
    "days_until_due default_payment_method default_source description discounts items metadata off_session "
    "payment_behavior payment_settings proration_behavior trial_end trial_from_plan trial_settings"
)
_REFUSED = (
    "add_invoice_items.discounts add_invoice_items.period add_invoice_items.tax_rates "
    "items.billing_thresholds items.current_trial items.tax_rates "
    "payment_settings.payment_method_options trial_settings.end_behavior.billing_cycle_anchor"
)
_ONE = "/v1/subscriptions/{subscription_exposed_id}"

ROUTES = (
    Route(
        "POST",
        "/v1/subscriptions",
        create,
        "subscription_write",
        accepts=f"{_BOTH} billing_cycle_anchor_config billing_mode currency customer trial_period_days",
        refuses=_REFUSED,
    ),
    Route(
        "GET",
        "/v1/subscriptions",
        index,
        "subscription_read",
        accepts=f"{PAGING} collection_method created current_period_end current_period_start customer plan "
        "price status test_clock",
    ),
    Route("GET", _ONE, retrieve, "subscription_read"),
    Route(
        "POST",
        _ONE,
        update,
        "subscription_write",
        accepts=f"{_BOTH} cancellation_details pause_collection proration_date",
        refuses=f"{_REFUSED} cancellation_details.feedback_option items.clear_usage",
    ),
    Route(
        "DELETE",
        _ONE,
        cancel,
        "subscription_write",
        accepts="cancellation_details invoice_now prorate",
        refuses="cancellation_details.feedback_option",
    ),
    Route(
        "POST",
        "/v1/subscriptions/{subscription}/pause",
        pause,
        "subscription_write",
        accepts="bill_for invoicing_behavior type",
    ),
    Route(
        "POST",
        "/v1/subscriptions/{subscription}/resume",
        resume,
        "subscription_write",
        accepts="billing_cycle_anchor payment_behavior proration_behavior proration_date",
    ),
)

SHAPES = {
    "subscription": Shape(
        render=show,
    ),
    "subscription_item": Shape(
        render=show_item,
    ),
}
