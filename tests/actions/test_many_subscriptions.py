"""Customers with more subscriptions than one page of a list."""

import itertools
from concurrent.futures import ThreadPoolExecutor

from tests.actions.shop import Shop

MOST = 500  # https://docs.stripe.com/api/subscriptions/create


def test_it_finds_the_oldest_of_them_and_starts_none_beyond_what_stripe_allows(shop: Shop) -> None:
    basic, other = shop.price("Basic"), shop.price("Other", 0)
    user = shop.subscriber(basic)
    client = shop.stripe
    given = {"customer": user.customer, "items": [{"price": other}]}
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(client.subscriptions.create, itertools.repeat(given, MOST - 1)))
    assert len({one.id for one in made}) == MOST - 1

    refused = shop.outcome(user, "subscribe", price=shop.price("Pro"))
    found = shop.outcome(user, "cancel_subscription", target=[basic])

    assert (refused["status"], refused["code"]) == ("not_allowed", "too_many_subscriptions")
    assert found["status"] == "succeeded"
    assert shop.changes() == [f"POST /v1/subscriptions/{user.subscription}"]
