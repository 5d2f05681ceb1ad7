"""The gateway over HTTP against the sandbox."""

import contextlib
import uuid
from typing import Any

import pytest

from connector.crypto import Secret
from connector.errors import StripeError
from connector.models import Connection
from connector.stripe_gateway import StripeGateway
from tests.sandbox_process import Sandbox, StripeAccount

pytestmark = pytest.mark.django_db


def gateway(settings: Any, account: StripeAccount, key: str | None = None) -> StripeGateway:
    settings.ENGAGE_STRIPE = {**settings.ENGAGE_STRIPE, "STRIPE_API_BASE": account.sandbox.url}
    connection = Connection(
        app_id=uuid.uuid4(),
        method=Connection.Method.API_KEY,
        livemode=account.livemode,
        stripe_account_id=account.id,
        api_key=Secret(key or account.secret_key),
    )
    return StripeGateway(connection)


def subscribing(account: StripeAccount) -> Any:
    """Parameters of a subscription that can be paid."""
    v1 = account.client.v1
    customer = v1.customers.create({"payment_method": "pm_card_visa"})
    price = v1.prices.create(
        {
            "product_data": {"name": "Pro"},
            "currency": "usd",
            "unit_amount": 900,
            "recurring": {"interval": "month"},
        }
    )
    method = v1.customers.payment_methods.list(customer.id).data[0].id
    return {"customer": customer.id, "items": [{"price": price.id}], "default_payment_method": method}


def test_it_answers_plain_dicts(settings: Any, stripe_account: StripeAccount) -> None:
    created = stripe_account.client.v1.customers.create({"email": "a@example.com"})
    fetched = gateway(settings, stripe_account).retrieve_customer(created.id)
    assert fetched.data["email"] == "a@example.com"
    assert isinstance(fetched.data["metadata"], dict)
    assert fetched.request_id.startswith("req_")


def test_it_ranks_what_it_read_before_the_answer(settings: Any, stripe_account: StripeAccount) -> None:
    created = stripe_account.client.v1.customers.create({"email": "a@example.com"})
    fetched = gateway(settings, stripe_account).retrieve_customer(created.id)
    assert fetched.rank % 2 == 1
    assert fetched.rank > 0
    assert (fetched.rank - 1) // 2 - created.created < 60


def test_it_gives_no_rank_to_an_answer_that_was_stored_for_an_earlier_request(
    settings: Any, stripe_account: StripeAccount
) -> None:
    subscribe = subscribing(stripe_account)
    stripe_now = gateway(settings, stripe_account)
    first = stripe_now.create_subscription(subscribe, idempotency_key="once")
    again = stripe_now.create_subscription(subscribe, idempotency_key="once")
    assert first.data["id"] == again.data["id"]
    assert first.rank > 0
    assert again.rank == 0


def test_it_reads_all_pages(settings: Any, stripe_account: StripeAccount) -> None:
    for number in range(5):
        stripe_account.client.v1.customers.create({"email": f"user{number}@example.com"})
    pages = list(gateway(settings, stripe_account).customers.pages({"limit": 2}))
    assert [len(page.items) for page in pages] == [2, 2, 1]


def test_it_names_the_missing_permission(settings: Any, stripe_account: StripeAccount) -> None:
    key = stripe_account.restricted_key(["customer_read"])
    with pytest.raises(StripeError) as caught:
        gateway(settings, stripe_account, key).products.page()
    assert caught.value.code == "permission_missing"
    assert caught.value.missing_permissions == ("rak_product_read",)
    assert key not in str(caught.value)


def test_it_says_that_a_key_is_wrong(settings: Any, sandbox: Sandbox, stripe_account: StripeAccount) -> None:
    sandbox.admin("POST", f"keys/{stripe_account.secret_key}/revoke")
    with pytest.raises(StripeError) as caught:
        gateway(settings, stripe_account).retrieve_own_account()
    assert caught.value.code == "key_rejected"
    assert not caught.value.retryable


def test_it_passes_on_what_stripe_says(settings: Any, stripe_account: StripeAccount) -> None:
    with pytest.raises(StripeError) as caught:
        gateway(settings, stripe_account).retrieve_customer("cus_nobody")
    assert caught.value.code == "not_found_at_stripe"
    assert caught.value.stripe_code == "resource_missing"
    assert "cus_nobody" in caught.value.user_message


def test_it_does_not_know_the_outcome_of_a_write_without_an_answer(
    settings: Any, stripe_account: StripeAccount
) -> None:
    settings.ENGAGE_STRIPE = {**settings.ENGAGE_STRIPE, "STRIPE_API_BASE": "http://127.0.0.1:9"}
    unreachable = Connection(
        method=Connection.Method.API_KEY, livemode=False, api_key=Secret("sk_test_abc"), stripe_account_id="acct_x"
    )
    with pytest.raises(StripeError) as caught:
        StripeGateway(unreachable).create_subscription({"customer": "cus_1"}, idempotency_key="k")
    assert caught.value.outcome_unknown
    assert caught.value.retryable
    assert caught.value.http_status is None


@pytest.mark.parametrize("kind", ["drop_after", "truncate"])
def test_it_repeats_a_lost_answer_with_the_same_key(
    settings: Any, stripe_account: StripeAccount, kind: str
) -> None:
    params = subscribing(stripe_account)
    stripe_account.sandbox.admin(
        "POST", "faults", kind=kind, method="POST", path="/v1/subscriptions", account=stripe_account.id
    )
    with contextlib.suppress(StripeError):  # a body cut off is not repeated by the SDK
        gateway(settings, stripe_account).create_subscription(params, idempotency_key="once")
    created = gateway(settings, stripe_account).create_subscription(params, idempotency_key="once")
    assert [s.id for s in stripe_account.client.v1.subscriptions.list().data] == [created.data["id"]]


def test_it_does_not_repeat_a_cancellation(settings: Any, stripe_account: StripeAccount) -> None:
    subscription = stripe_account.client.v1.subscriptions.create(subscribing(stripe_account))
    stripe_account.sandbox.admin("POST", "faults", kind="drop_after", method="DELETE", account=stripe_account.id)
    with pytest.raises(StripeError) as caught:
        gateway(settings, stripe_account).cancel_subscription(subscription.id, {})
    assert caught.value.outcome_unknown
    assert len(stripe_account.requests(method="DELETE")) == 1


@pytest.mark.parametrize(("kind", "code"), [("rate_limited", "rate_limited"), ("lock_timeout", "stripe_busy")])
def test_it_says_that_stripe_is_busy(settings: Any, stripe_account: StripeAccount, kind: str, code: str) -> None:
    stripe_account.sandbox.admin("POST", "faults", kind=kind, account=stripe_account.id, count=5)
    with pytest.raises(StripeError) as caught:
        gateway(settings, stripe_account).customers.page()
    stripe_account.sandbox.admin("DELETE", "faults")
    assert caught.value.code == code
    assert caught.value.retryable
    assert not caught.value.outcome_unknown


def test_it_keeps_reads_and_writes_of_accounts_apart(settings: Any, sandbox: Sandbox) -> None:
    mine, theirs = sandbox.open_account(), sandbox.open_account()
    customer = theirs.client.v1.customers.create({"email": "theirs@example.com"})
    with pytest.raises(StripeError) as caught:
        gateway(settings, mine).retrieve_customer(customer.id)
    assert caught.value.code == "not_found_at_stripe"
