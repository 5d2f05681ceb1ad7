"""Ten identical clicks at once, over HTTP on web processes as they run in production."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from actions.models import Execution
from engage_stripe.demo.processes import Supervisor
from tests.actions.shop import Shop, Subscriber
from tests.faults.live_processes import LiveProcesses
from tests.sandbox_process import StripeAccount

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
CLICKS = 10


@pytest.fixture
def web(stripe_account: StripeAccount, tmp_path: Path) -> Iterator[str]:
    """The address of two web processes of four threads."""
    with Supervisor(logs=tmp_path, on_restart=pytest.fail) as supervisor:
        processes = LiveProcesses(supervisor, stripe_url=stripe_account.sandbox.url, folder=tmp_path)
        processes.start_web(workers=2)
        yield processes.url


def click_at_once(web: str, shop: Shop, user: Subscriber, key: str | None) -> list[Any]:
    """The answers, each over a connection of its own."""
    url = f"{web}/api/v1/prompts/{shop.prompt}/interactions/accept/execute/"
    body = {"user_id": user.user_id} | ({"idempotency_key": key} if key else {})

    def click(_: int) -> Any:
        return httpx.post(url, json=body, headers=shop.tenant.api_headers, timeout=30).raise_for_status().json()

    with ThreadPoolExecutor(CLICKS) as pool:
        return list(pool.map(click, range(CLICKS)))


def test_it_changes_once_for_ten_identical_clicks(web: str, full_shop: Shop) -> None:
    """With a key of the caller's and without one; a change of a subscription, and a new one, which costs twice."""
    pro = full_shop.price("Pro", 3000)
    for action, key in [("update_subscription", "click-1"), ("subscribe", None)]:
        user = full_shop.subscriber(full_shop.price("Basic", 1000))
        parameters = {"price": pro} | (
            {"proration_behavior": "always_invoice"} if action == "update_subscription" else {}
        )
        full_shop.configure({"action": action, "parameters": parameters})

        answers = click_at_once(web, full_shop, user, key)

        assert {answer["outcomes"][0]["status"] for answer in answers} == {"succeeded"}
        assert len({answer["execution_id"] for answer in answers}) == 1
        assert Execution.objects.filter(user_id=user.user_id).count() == 1
        invoices = full_shop.stripe.invoices.list({"customer": user.customer}).data
        assert len(invoices) == 2
    assert len(full_shop.changes()) == 2
