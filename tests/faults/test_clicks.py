"""A click that is cut off, wherever: one change at Stripe, and the truth in the end."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from actions import settling, tasks
from actions.models import ActionExecution, Execution
from tests.actions.shop import Shop, Subscriber
from tests.faults.live_processes import database_url
from tests.waiting import wait_until


def configured(shop: Shop) -> Subscriber:
    user = shop.subscriber(shop.price("Basic", 1000))
    shop.configure({"action": "update_subscription", "parameters": {"price": shop.price("Pro")}})
    return user


def strike(shop: Shop, kind: str, **fault: Any) -> None:
    """Let the next matching requests of the shop's account meet a fault."""
    shop.account.sandbox.admin("POST", "faults", kind=kind, account=shop.account.id, **fault)


def settle() -> None:
    """What beat does every ten seconds, as if the waiting time were over."""
    Execution.objects.filter(state="running").update(settle_at=timezone.now())
    for execution_id in settling.claim_unsettled():
        settling.settle(execution_id)


def within_a_minute(shop: Shop) -> bool:
    """Whether the click is looked at again, and again after that, before a minute is over: beat comes by that often."""
    due = Execution.objects.get(app_id=shop.tenant.id).settle_at
    rhythm = django_settings.CELERY_BEAT_SCHEDULE["settle unsettled clicks"]["schedule"]
    return due is not None and due + timedelta(seconds=2 * rhythm) < timezone.now() + timedelta(minutes=1)


def settle_until_done(shop: Shop) -> None:
    """As beat does; Stripe may still be busy with the request that was cut off, or fail again."""
    deadline = time.monotonic() + 60
    while outcome_of(shop)[0] == "running":
        assert time.monotonic() < deadline, "the click was never settled"
        settle()


def applied(shop: Shop) -> list[str]:
    """Idempotency keys under which subscriptions were changed with success."""
    return [
        request["idempotency_key"]
        for request in shop.account.requests(method="POST")
        if str(request["idempotency_key"]).startswith("engage-") and request["status"] == 200
    ]


def outcome_of(shop: Shop) -> tuple[str, str]:
    execution = Execution.objects.get(app_id=shop.tenant.id)
    return execution.state, ActionExecution.objects.get(execution=execution).status


def plans(shop: Shop, user: Subscriber) -> list[str]:
    return [item["price"]["product"] for item in shop.subscription(user)["items"]["data"]]


@pytest.mark.parametrize("kind", ["drop_after", "truncate", "drop_before", "server_error"])
def test_it_settles_a_change_that_was_not_answered(shop: Shop, kind: str) -> None:
    user = configured(shop)
    strike(shop, kind, method="POST", path="/v1/subscriptions/*", count=3)

    (outcome,) = shop.click(user)["outcomes"]
    assert (outcome["status"], outcome["retryable"]) == ("unknown", True)
    assert within_a_minute(shop)
    settle_until_done(shop)

    assert outcome_of(shop) == ("done", "succeeded")
    assert len(plans(shop, user)) == 1
    assert len(set(applied(shop))) == 1


def test_it_answers_a_short_interruption_at_once(shop: Shop) -> None:
    user = configured(shop)
    strike(shop, "drop_after", method="POST", path="/v1/subscriptions/*", count=1)

    (outcome,) = shop.click(user)["outcomes"]

    assert outcome["status"] == "succeeded"
    assert len(set(applied(shop))) == 1


def test_it_answers_in_time_when_stripe_hangs_and_settles_what_it_did_after_all(shop: Shop) -> None:
    user = configured(shop)
    strike(shop, "latency", method="POST", path="/v1/subscriptions/*", seconds=11)

    (outcome,) = shop.click(user)["outcomes"]
    assert outcome["status"] == "unknown"
    assert len(set(applied(shop))) == 0
    settle_until_done(shop)

    assert outcome_of(shop) == ("done", "succeeded")
    assert len(set(applied(shop))) == 1


def test_it_keeps_the_answer_while_stripe_is_down(shop: Shop) -> None:
    user = configured(shop)
    strike(shop, "drop_before", path="/v1/subscriptions*", count=100)

    first = shop.click(user, key="click-1")
    assert first["outcomes"][0]["status"] == "failed"
    assert first["outcomes"][0]["retryable"] is True
    assert shop.click(user, key="click-1") == first


def process_environment(shop: Shop) -> dict[str, str]:
    """For a process on the test's database and the shop's sandbox."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "engage_stripe.settings",
        "DATABASE_URL": database_url(),
        "STRIPE_API_BASE": shop.account.sandbox.url,
        "SECRET_KEY": django_settings.SECRET_KEY,
        "FIELD_ENCRYPTION_KEYS": ",".join(django_settings.ENGAGE_STRIPE["FIELD_ENCRYPTION_KEYS"]),
    }


def click_in_a_process(shop: Shop, user: Subscriber) -> "subprocess.Popen[bytes]":
    """The same click from the command line."""
    command = [sys.executable, "manage.py", "execute_action", "--app", str(shop.tenant.id)]
    return subprocess.Popen([*command, "--prompt", shop.prompt, user.user_id], env=process_environment(shop))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/subscriptions"), ("POST", "/v1/subscriptions/{subscription}")]
)
def test_it_survives_a_kill(shop: Shop, method: str, path: str) -> None:
    """Killed before the request was sent, or between Stripe's change and our record."""
    user = configured(shop)
    where = path.format(subscription=user.subscription)
    strike(shop, "latency", method=method, path=where, seconds=3)

    with click_in_a_process(shop, user) as process:
        try:
            came = partial(shop.account.requests, method=method, path=where)
            wait_until(lambda: bool(came()), seconds=60, otherwise="the click never came")
        finally:
            process.send_signal(signal.SIGKILL)
    assert outcome_of(shop) == ("running", "running")
    settle_until_done(shop)

    assert outcome_of(shop) == ("done", "succeeded")
    assert len(set(applied(shop))) == 1
    assert len(plans(shop, user)) == 1


def test_it_is_settled_by_the_periodic_task(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    user = configured(shop)
    strike(shop, "drop_after", method="POST", path="/v1/subscriptions/*", count=3)
    shop.click(user)
    Execution.objects.update(settle_at=timezone.now())
    monkeypatch.setattr(tasks.settle_execution, "delay", tasks.settle_execution.run)

    tasks.settle_unsettled()

    assert outcome_of(shop) == ("done", "succeeded")
