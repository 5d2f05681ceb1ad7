"""Double clicks, from as many server threads."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from actions.models import ActionLimit
from tests.actions.shop import Shop, Subscriber
from tests.sandbox_process import StripeAccount


def in_parallel(times: int, click: Callable[[], Any]) -> list[Any]:
    """``click`` in that many threads, each with a database connection of its own."""

    def run(_: int) -> Any:
        try:
            return click()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


def configured(shop: Shop) -> Subscriber:
    user = shop.subscriber(shop.price("Basic", 1000))
    shop.configure({"action": "update_subscription", "parameters": {"price": shop.price("Pro")}})
    return user


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("key", ["click-1", None])
def test_it_changes_once_for_ten_parallel_clicks(shop: Shop, key: str | None) -> None:
    user = configured(shop)

    answers = in_parallel(10, lambda: shop.click(user, key=key))

    assert len({answer["execution_id"] for answer in answers}) == 1
    assert {answer["outcomes"][0]["status"] for answer in answers} == {"succeeded"}
    assert shop.changes() == [f"POST /v1/subscriptions/{user.subscription}"]


@pytest.mark.django_db(transaction=True)
def test_it_runs_different_clicks_of_one_user_one_after_the_other(
    shop: Shop, stripe_account: StripeAccount
) -> None:
    user = configured(shop)
    keys = iter([f"click-{number}" for number in range(4)])

    answers = in_parallel(4, lambda: shop.click(user, key=next(keys)))

    statuses = sorted(answer["outcomes"][0]["status"] for answer in answers)
    assert statuses == ["no_op", "no_op", "no_op", "succeeded"]
    assert len(shop.changes()) == 1


@pytest.mark.django_db(transaction=True)
def test_it_exceeds_no_cap_with_clicks_of_different_users_at_once(shop: Shop) -> None:
    pro = shop.price("Pro")
    users = [shop.subscriber(pro) for _ in range(6)]
    shop.configure({"action": "cancel_subscription"})
    ActionLimit.objects.create(connection=shop.connection, action="cancel_subscription", per_day=2)
    waiting = iter(users)

    answers = in_parallel(len(users), lambda: shop.click(next(waiting)))

    told = Counter(answer["outcomes"][0].get("code", "") for answer in answers)
    assert told == {"": 2, "cap_per_day": 4}
    assert len(shop.changes()) == 2
