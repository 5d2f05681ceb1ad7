"""A change that waited for the end of a period, cut off with SIGKILL while it is made: one change."""

import signal
import subprocess
import sys
from functools import partial

import pytest

from actions.models import ActionExecution
from tests.actions.shop import Shop
from tests.actions.switching import make_due, plan, rows, switch
from tests.faults.test_clicks import process_environment, settle, strike
from tests.waiting import wait_until

APPLY = "import django; django.setup(); from actions import due_changes; due_changes.apply_change({})"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_it_is_made_once_by_the_next_who_comes(shop: Shop, method: str) -> None:
    """Killed before the request was sent, or while Stripe is at it."""
    user, pro = shop.subscriber(shop.price("Basic")), shop.price("Pro")
    switch(shop, user, pro)
    action = ActionExecution.objects.get()
    path = f"/v1/subscriptions/{user.subscription}"
    strike(shop, "latency", method=method, path=path, seconds=2)

    command = [sys.executable, "-c", APPLY.format(action.id)]
    with subprocess.Popen(command, env=process_environment(shop)) as process:
        try:
            came = partial(shop.account.requests, method=method, path=path)
            wait_until(lambda: bool(came()), seconds=60, otherwise="the request never came")
        finally:
            process.send_signal(signal.SIGKILL)
    assert rows(shop) == [("pending", "scheduled_here")]
    wait_until(partial(_is_made, shop), seconds=60, otherwise="nobody made the change")

    assert rows(shop) == [("succeeded", "")]
    assert plan(shop, user) == pro
    done = [one for one in shop.account.requests(method="POST", path=path) if one["status"] == 200]
    assert len({one["idempotency_key"] for one in done}) == 1


def _is_made(shop: Shop) -> bool:
    """As beat does; Stripe may still be busy with the request that was cut off, which is settled then."""
    make_due()
    settle()
    return rows(shop)[0][0] not in {"pending", "unknown"}
