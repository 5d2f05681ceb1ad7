"""The gateway over HTTP against the sandbox."""

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
    customer = stripe_account.client.v1.customers.create({"payment_method": "pm_card_visa"})
    price = stripe_account.client.v1.prices.create(
        {
            "product_data": {"name": "Pro"},
            "currency": "usd",
            "unit_amount": 900,
            "recurring": {"interval": "month"},
        }
    )
    methods = stripe_account.client.v1.customers.payment_methods.list(customer.id)
    subscribe = {
        "customer": customer.id,
        "items": [{"price": price.id}],
        "default_payment_method": methods.data[0].id,
    }
    stripe_now = gateway(settings, stripe_account)
    first = stripe_now.create_subscription(subscribe, idempotency_key="once")
    again = stripe_now.create_subscription(subscribe, idempotency_key="once")
    assert first.data["id"] == again.data["id"]
    assert first.rank > 0
    assert again.rank == 0


def test_it_reads_all_pages(settings: Any, stripe_account: StripeAccount) -> None:
    for number in range(5):
        stripe_account.client.v1.customers.create({"email": f"user{number}@example.com"})
    pages = list(gateway(settings, stripe_account).list_pages("customers", limit=2))
    assert [len(page.items) for page in pages] == [2, 2, 1]


def test_it_names_the_missing_permission(settings: Any, stripe_account: StripeAccount) -> None:
    key = stripe_account.restricted_key(["customer_read"])
    with pytest.raises(StripeError) as caught:
        gateway(settings, stripe_account, key).list_page("products")
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
