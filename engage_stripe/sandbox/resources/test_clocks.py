"""Test clocks: https://docs.stripe.com/api/test_clocks."""

from __future__ import annotations

from engage_stripe.sandbox.billing.cancellation import cancel_all
from engage_stripe.sandbox.billing.draft import items_of
from engage_stripe.sandbox.billing.periods import DAY, add_interval
from engage_stripe.sandbox.billing.timeline import run_until
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import invalid
from engage_stripe.sandbox.listing import PAGING, list_of
from engage_stripe.sandbox.routing import Call, Route
from engage_stripe.sandbox.shapes import Shape
from engage_stripe.sandbox.state import Account

KEPT_SECONDS = 30 * DAY
# https://docs.stripe.com/billing/testing/test-clocks/api-advanced-usage: two intervals of the shortest price
MAX_INTERVALS = 2
TYPE = "test_helpers.test_clock"


def create(call: Call) -> Obj:
    """`POST /v1/test_helpers/test_clocks`: test mode only."""
    if call.account.livemode:
        raise invalid("Test clocks can only be used in test mode.")
    clock = call.account.add(
        {
            "id": call.account.ids.new("clock"),
            "object": TYPE,
            "created": call.now,
            "deletes_after": call.now + KEPT_SECONDS,
            "frozen_time": call.params["frozen_time"],
            "livemode": False,
            "name": call.params.get("name"),
            "status": "ready",
            "status_details": {},
        }
    )
    call.account.emit(f"{TYPE}.created", clock)
    return clock


def retrieve(call: Call) -> Obj:
    """`GET /v1/test_helpers/test_clocks/{test_clock}`."""
    return _find(call)


def index(call: Call) -> Obj:
    """`GET /v1/test_helpers/test_clocks`."""
    return list_of(call, TYPE)


def advance(call: Call) -> Obj:
    """`POST /v1/test_helpers/test_clocks/{test_clock}/advance`.

    Answers `advancing`, as Stripe does; by the time it is read again the clock is `ready`.
    """
    account, clock, until = call.account, _find(call), call.params["frozen_time"]
    if until <= clock["frozen_time"]:
        raise invalid("frozen_time must be after the test clock's current frozen_time.", param="frozen_time")
    latest = _latest_advance(account, clock)
    if latest is not None and until > latest:
        raise invalid(
            "You cannot advance a test clock further than two intervals of the shortest subscription on it.",
            param="frozen_time",
        )
    account.emit(f"{TYPE}.advancing", {**clock, "status": "advancing"})
    run_until(account, clock["id"], until, lambda moment: clock.update(frozen_time=moment))
    account.emit(f"{TYPE}.ready", clock)
    return {**clock, "status": "advancing", "status_details": {"advancing": {"target_frozen_time": until}}}


def delete(call: Call) -> Obj:
    """`DELETE /v1/test_helpers/test_clocks/{test_clock}`: its customers go too, and their subscriptions end."""
    account, clock = call.account, _find(call)
    for customer in list(account.collection("customer")):
        if customer["test_clock"] == clock["id"]:
            cancel_all(account, customer["id"])
            account.emit("customer.deleted", customer)
            account.remove(customer)
    account.emit(f"{TYPE}.deleted", clock)
    return account.remove(clock)


def _find(call: Call) -> Obj:
    return call.account.find(TYPE, call.path["test_clock"])


def _latest_advance(account: Account, clock: Obj) -> int | None:
    moments = [
        add_interval(clock["frozen_time"], recurring["interval"], MAX_INTERVALS * recurring["interval_count"])
        for sub in account.collection("subscription")
        if sub["test_clock"] == clock["id"] and sub["ended_at"] is None
        for item in items_of(account, sub)
        if (recurring := account.find("price", item["price"])["recurring"])
    ]
    return min(moments, default=None)


_ONE = "/v1/test_helpers/test_clocks/{test_clock}"

ROUTES = (
    Route("POST", "/v1/test_helpers/test_clocks", create, "billing_clock_write", accepts="frozen_time name"),
    Route("GET", "/v1/test_helpers/test_clocks", index, "billing_clock_read", accepts=PAGING),
    Route("GET", _ONE, retrieve, "billing_clock_read"),
    Route("POST", f"{_ONE}/advance", advance, "billing_clock_write", accepts="frozen_time"),
    Route("DELETE", _ONE, delete, "billing_clock_write"),
)

SHAPES = {TYPE: Shape()}
