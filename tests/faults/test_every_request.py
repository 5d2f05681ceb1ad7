"""Every kind of request that an action makes, when its answer never comes: one change, and the truth in the end."""

import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from actions.answers import describe_execution
from actions.models import Execution
from tests.actions.shop import Shop, Subscriber
from tests.faults.test_clicks import (
    click_in_a_process,
    outcome_of,
    settle,
    settle_until_done,
    strike,
    within_a_minute,
)
from tests.waiting import wait_until

DECLINED = "pm_card_chargeCustomerFail"
Prepared = tuple[Subscriber, dict[str, Any]]


@dataclass(frozen=True)
class Kind:
    """``prepare`` gives the user and the parameters; ``path`` is where the request goes; ``made`` is what there must
    be one more of afterwards, by type.
    """

    action: str
    method: str
    path: str
    prepare: Callable[[Shop], Prepared]
    made: dict[str, int]
    status: str = "succeeded"


def _subscriber(shop: Shop, **parameters: Any) -> Prepared:
    return shop.subscriber(shop.price("Basic", 1000)), parameters


def _switching(shop: Shop, **parameters: Any) -> Prepared:
    return shop.subscriber(shop.price("Basic", 1000)), {"price": shop.price("Pro", 3000), **parameters}


def _buying(shop: Shop) -> Prepared:
    return shop.customer(), {"price": shop.price("Pro")}


def _paused(shop: Shop) -> Prepared:
    user, _ = _subscriber(shop)
    shop.stripe.subscriptions.pause(user.subscription, {"bill_for": {"unused_time_from": {"type": "none"}}})
    return user, {}


def _owing(shop: Shop) -> Prepared:
    user = shop.subscriber(shop.price("Basic"), card=DECLINED, payment_behavior="allow_incomplete")
    shop.use_card(user, "pm_card_visa")
    return user, {}


def _using(shop: Shop) -> Prepared:
    meter = {"display_name": "Calls", "event_name": "calls", "default_aggregation": {"formula": "sum"}}
    shop.stripe.billing.meters.create(meter)
    return shop.customer(), {"event_name": "calls", "value": 7}


SUBSCRIPTION, SCHEDULES = "/v1/subscriptions/*", "/v1/subscription_schedules"
LATER = {"timing": "period_end"}
KINDS = {
    "update": Kind(
        "update_subscription",
        "POST",
        SUBSCRIPTION,
        partial(_switching, proration_behavior="always_invoice"),
        {"invoice": 1},
    ),
    "create": Kind(
        "subscribe",
        "POST",
        "/v1/subscriptions",
        _buying,
        {"subscription": 1, "subscription_item": 1, "invoice": 1},
    ),
    "delete": Kind("cancel_subscription", "DELETE", SUBSCRIPTION, partial(_subscriber, timing="now"), {}),
    "pause": Kind("pause", "POST", SUBSCRIPTION, partial(_subscriber, pause="subscription"), {"invoiceitem": 1}),
    "resume": Kind("resume", "POST", SUBSCRIPTION, _paused, {"invoice": 1}),
    "first of the schedule pair": Kind(
        "update_subscription",
        "POST",
        SCHEDULES,
        partial(_switching, **LATER),
        {"subscription_schedule": 1},
        "pending",
    ),
    "second of the schedule pair": Kind(
        "update_subscription",
        "POST",
        f"{SCHEDULES}/*",
        partial(_switching, **LATER),
        {"subscription_schedule": 1},
        "pending",
    ),
    "pay": Kind("collect_invoice", "POST", "/v1/invoices/*", _owing, {}),
    "usage": Kind("record_usage", "POST", "/v1/billing/meter_events", _using, {"billing.meter_event": 1}),
}
EACH_KIND = pytest.mark.parametrize("kind", [pytest.param(kind, id=name) for name, kind in KINDS.items()])
KILLED = [
    pytest.param(KINDS[name], id=name) for name in KINDS if "schedule" in name or name in {"create", "delete"}
]


def counted(shop: Shop) -> Counter[str]:
    found = shop.account.sandbox.admin("GET", "objects", account=shop.account.id)["data"]
    return Counter(obj["object"] for obj in found)


def prepared(shop: Shop, kind: Kind) -> Subscriber:
    user, parameters = kind.prepare(shop)
    shop.configure({"action": kind.action, "parameters": parameters})
    return user


def applied(shop: Shop, kind: Kind) -> list[str]:
    """Requests of the kind that changed something; a repeated one is answered from what Stripe has stored."""
    made = [
        request
        for request in shop.account.requests(method=kind.method)
        if request["status"] == 200 and _is_of(kind, request)
    ]
    return [request["idempotency_key"] or request["path"] for request in made]


def _is_of(kind: Kind, request: dict[str, Any]) -> bool:
    by_click = kind.method == "DELETE" or str(request["idempotency_key"]).startswith("engage-")
    start, any_id, _ = kind.path.partition("*")
    return by_click and (request["path"].startswith(start) if any_id else request["path"] == start)


def check(shop: Shop, kind: Kind, before: Counter[str]) -> None:
    assert outcome_of(shop) == ("done", kind.status)
    assert dict(counted(shop) - before) == kind.made
    keys = applied(shop, kind)
    assert len(set(keys)) == 1
    assert kind.method != "DELETE" or len(keys) == 1


@EACH_KIND
def test_it_changes_once_when_the_answer_is_lost(full_shop: Shop, kind: Kind) -> None:
    user = prepared(full_shop, kind)
    before = counted(full_shop)
    attempts = 1 if kind.method == "DELETE" else 3  # a v1 DELETE is not repeated by the SDK
    strike(full_shop, "drop_after", method=kind.method, path=kind.path, count=attempts)

    (outcome,) = full_shop.click(user)["outcomes"]
    assert (outcome["status"], outcome["retryable"]) == ("unknown", True)
    settle_until_done(full_shop)

    check(full_shop, kind, before)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", KILLED)
def test_it_changes_once_when_the_click_is_killed(full_shop: Shop, kind: Kind) -> None:
    """With SIGKILL, while Stripe is at the request: after our record of the intention, before that of the answer."""
    user = prepared(full_shop, kind)
    before = counted(full_shop)
    strike(full_shop, "latency", method=kind.method, path=kind.path, seconds=2)

    with click_in_a_process(full_shop, user) as process:
        try:
            came = partial(full_shop.account.requests, method=kind.method)
            wait_until(
                lambda: any(_is_of(kind, request) for request in came()),
                seconds=60,
                otherwise="the request never came",
            )
        finally:
            process.send_signal(signal.SIGKILL)
    assert outcome_of(full_shop) == ("running", "running")
    settle_until_done(full_shop)

    check(full_shop, kind, before)


def test_it_does_not_undo_the_pair_when_stripe_is_only_busy(full_shop: Shop) -> None:
    """429 refuses this attempt, not the switch: the schedule stays, and the second call is made again."""
    kind = KINDS["second of the schedule pair"]
    user = prepared(full_shop, kind)
    strike(full_shop, "lock_timeout", method="POST", path=kind.path, count=3)

    (outcome,) = full_shop.click(user)["outcomes"]
    assert outcome["status"] == "unknown"
    settle_until_done(full_shop)

    assert outcome_of(full_shop) == ("done", "pending")
    assert not any(change.endswith("/release") for change in full_shop.changes())
    assert len(full_shop.stripe.subscription_schedules.list({"customer": user.customer}).data) == 1


def active_schedules(shop: Shop, user: Subscriber) -> int:
    schedules = shop.stripe.subscription_schedules.list({"customer": user.customer}).data
    return sum(one.status == "active" for one in schedules)


STORED = pytest.mark.parametrize(
    "kind", [pytest.param(kind, id=name) for name, kind in KINDS.items() if kind.method == "POST"]
)


@STORED
def test_it_settles_a_change_that_stripe_has_stored_as_failed(full_shop: Shop, kind: Kind) -> None:
    """The change was made, and a 500 is repeated under its key: its state says what Stripe does not."""
    user = prepared(full_shop, kind)
    before = counted(full_shop)
    strike(full_shop, "stored_after", method="POST", path=kind.path)

    (outcome,) = full_shop.click(user)["outcomes"]
    assert outcome["status"] == "unknown"
    assert within_a_minute(full_shop)
    settle()

    # Stripe's schedule that changes nothing is no switch: it is released
    is_half = kind is KINDS["first of the schedule pair"]
    assert outcome_of(full_shop) == ("done", "failed" if is_half else kind.status)
    assert dict(counted(full_shop) - before) == kind.made
    assert active_schedules(full_shop, user) == ("subscription_schedule" in kind.made and not is_half)


@pytest.mark.parametrize("case", ["billing date", "coupon", "trial", "cancellation"])
def test_it_does_not_take_what_was_there_before_for_the_change(full_shop: Shop, case: str) -> None:
    """The user has the plan already, and asks for something beside it; or is about to leave, but later."""
    plan = full_shop.price("Basic")
    terms: dict[str, Any] = {
        "trial": {"trial_period_days": 9},
        "cancellation": {"cancel_at": int(time.time()) + 9_000_000},
    }
    user = full_shop.subscriber(plan, **terms.get(case, {}))
    wanted: dict[str, dict[str, Any]] = {
        "billing date": {"price": plan, "billing_cycle_anchor": "now"},
        "coupon": {"price": plan, "coupon": full_shop.coupon()},
        "trial": {"price": plan, "trial": "end"},
    }
    action = "update_subscription" if case in wanted else "cancel_subscription"
    full_shop.configure({"action": action, "parameters": wanted.get(case, {})})
    strike(full_shop, "stored_error", method="POST", path=SUBSCRIPTION)

    full_shop.click(user)
    settle()

    assert outcome_of(full_shop) == ("done", "failed")


@STORED
def test_it_settles_a_failure_that_stripe_has_stored(full_shop: Shop, kind: Kind) -> None:
    """Nothing was made. The usage alone is sent again, as Stripe takes it once by its identifier."""
    user = prepared(full_shop, kind)
    before = counted(full_shop)
    strike(full_shop, "stored_error", method="POST", path=kind.path)

    full_shop.click(user)
    assert within_a_minute(full_shop)
    settle()

    is_usage = kind is KINDS["usage"]
    (outcome,) = describe_execution(Execution.objects.get())["outcomes"]
    expected = ("succeeded", False) if is_usage else ("failed", True)
    assert (outcome["status"], outcome["retryable"]) == expected
    made = counted(full_shop) - before
    made.pop("subscription_schedule", None)  # of the pair's first call, released
    assert dict(made) == (kind.made if is_usage else {})
    assert active_schedules(full_shop, user) == 0
