"""Idempotent requests: https://docs.stripe.com/api/idempotent_requests."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import stripe

from engage_stripe.sandbox.idempotency import KEPT_SECONDS, Answer, Entry, remembered
from engage_stripe.sandbox.registry import SHAPES
from engage_stripe.sandbox.state import World
from tests.sandbox_process import StripeAccount


def _post(account: StripeAccount, key: str, path: str = "customers", **form: str) -> httpx.Response:
    return httpx.post(
        f"{account.sandbox.url}/v1/{path}",
        data=form,
        headers={"Idempotency-Key": key},
        auth=(account.secret_key, ""),
    )


def test_it_replays_the_first_answer(stripe_account: StripeAccount) -> None:
    first, again = (_post(stripe_account, "once", name="Ada") for _ in range(2))
    assert again.json() == first.json()
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["original-request"] == first.headers["request-id"]
    assert again.headers["request-id"] != first.headers["request-id"]
    assert len(stripe_account.client.v1.customers.list().data) == 1


def test_it_refuses_a_key_with_other_parameters(stripe_account: StripeAccount) -> None:
    _post(stripe_account, "once", name="Ada")
    with pytest.raises(stripe.IdempotencyError) as refusal:
        stripe_account.client.v1.customers.create({"name": "Grace"}, {"idempotency_key": "once"})
    assert refusal.value.http_status == 400
    assert "can only be used with the same parameters" in str(refusal.value)


def test_it_refuses_a_key_for_another_endpoint(stripe_account: StripeAccount) -> None:
    _post(stripe_account, "once", name="Ada")
    answer = _post(stripe_account, "once", "products", name="Ada")
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "idempotency_error"


def test_it_replays_a_refusal_of_the_handler(stripe_account: StripeAccount) -> None:
    path = "payment_methods/pm_card_visa_chargeDeclined/attach"
    customer = stripe_account.client.v1.customers.create()
    first, again = (_post(stripe_account, "once", path, customer=customer.id) for _ in range(2))
    assert (first.status_code, again.status_code) == (402, 402)
    assert again.headers["idempotent-replayed"] == "true"


def test_it_forgets_a_request_that_failed_validation(stripe_account: StripeAccount) -> None:
    assert _post(stripe_account, "once", nmae="Ada").status_code == 400
    assert _post(stripe_account, "once", name="Ada").status_code == 200


def test_it_keeps_keys_of_accounts_apart(stripe_account: StripeAccount) -> None:
    """Inferred: keys are the clients' own, and two accounts cannot know of each other's."""
    other = stripe_account.sandbox.open_account()
    assert _post(stripe_account, "once", name="Ada").json()["id"] != _post(other, "once", name="Ada").json()["id"]


def test_it_ignores_keys_of_delete(stripe_account: StripeAccount) -> None:
    """v1 DELETE is not idempotent by key: the second one meets a customer that is gone."""
    customers = stripe_account.client.v1.customers
    customer = customers.create()
    customers.delete(customer.id, {}, {"idempotency_key": "once"})
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        customers.delete(customer.id, {}, {"idempotency_key": "once"})
    assert refusal.value.http_status == 404


def test_it_refuses_a_key_that_is_too_long(stripe_account: StripeAccount) -> None:
    assert _post(stripe_account, "k" * 256, name="Ada").status_code == 400


def test_it_refuses_a_key_that_is_in_progress(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/error-codes#idempotency-key-in-use"""
    stripe_account.sandbox.admin("POST", "faults", kind="latency", account=stripe_account.id, seconds=1)

    with ThreadPoolExecutor(2) as pool:
        posts = [pool.submit(_post, stripe_account, "once") for _ in range(2)]
    answers = sorted((post.result() for post in posts), key=lambda answer: answer.status_code)
    assert [answer.status_code for answer in answers] == [200, 409]
    assert answers[1].json()["error"]["code"] == "idempotency_key_in_use"
    assert _post(stripe_account, "once").json() == answers[0].json()


def test_it_forgets_keys_after_a_day() -> None:
    """The general page: keys can be removed once they are at least 24 hours old."""
    account = World(shapes=SHAPES).account("acct_1Test")
    for key, created in (("old", 0), ("young", 1), ("new", KEPT_SECONDS)):
        with remembered(account, key, Entry("", "POST /v1/customers", created, "req_1")) as entry:
            entry.answer = Answer(200, b"{}", {})
    assert list(account.idempotency) == ["young", "new"]
