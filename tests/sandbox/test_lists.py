"""Pagination: https://docs.stripe.com/api/pagination."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox_process import StripeAccount


def _customers(account: StripeAccount, count: int) -> list[str]:
    """Ids, newest first, as lists give them."""
    return [account.client.v1.customers.create().id for _ in range(count)][::-1]


def test_it_answers_ten_newest_first(stripe_account: StripeAccount) -> None:
    ids = _customers(stripe_account, 12)
    page = stripe_account.client.v1.customers.list()
    assert [each.id for each in page.data] == ids[:10]
    assert page.has_more is True
    assert page.url == "/v1/customers"


def test_it_pages_forward_through_everything(stripe_account: StripeAccount) -> None:
    ids = _customers(stripe_account, 7)
    page = stripe_account.client.v1.customers.list({"limit": 3})
    assert [each.id for each in page.auto_paging_iter()] == ids


def test_it_pages_backward(stripe_account: StripeAccount) -> None:
    ids = _customers(stripe_account, 5)
    page = stripe_account.client.v1.customers.list({"limit": 2, "ending_before": ids[4]})
    assert [each.id for each in page.data] == ids[2:4]
    assert page.has_more is True
    first = stripe_account.client.v1.customers.list({"limit": 2, "ending_before": ids[2]})
    assert [each.id for each in first.data] == ids[:2]
    assert first.has_more is False


def test_it_goes_on_after_a_deleted_cursor(stripe_account: StripeAccount) -> None:
    """Inferred: a cursor is a place in the list, which the end of its object does not move."""
    customers = stripe_account.client.v1.customers
    ids = _customers(stripe_account, 3)
    customers.delete(ids[1])
    page = customers.list({"starting_after": ids[1]})
    assert [each.id for each in page.data] == [ids[2]]


def test_it_pages_within_one_customer(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/api/payment_methods/customer_list."""
    v1 = stripe_account.client.v1
    customer, other = v1.customers.create(), v1.customers.create()
    cards: list[str] = []
    for _ in range(3):
        cards.insert(0, v1.payment_methods.attach("pm_card_visa", {"customer": customer.id}).id)
        v1.payment_methods.attach("pm_card_visa", {"customer": other.id})
    page = v1.payment_methods.list({"customer": customer.id, "limit": 1})
    assert [each.id for each in page.auto_paging_iter()] == cards
    earlier = v1.payment_methods.list({"customer": customer.id, "ending_before": cards[1]})
    assert [each.id for each in earlier.data] == [cards[0]]


def test_it_filters_by_creation_time(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/api/customers/list#list_customers-created."""
    customers = stripe_account.client.v1.customers
    created = customers.create()
    assert customers.list({"created": {"gt": created.created}}).data == []
    assert len(customers.list({"created": {"gte": created.created}}).data) == 1
    assert len(customers.list({"created": created.created}).data) == 1


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        (101, r"must be less than or equal to 100 \(it currently is '101'\)"),
        (0, r"must be greater than or equal to 1 \(it currently is '0'\)"),
    ],
)
def test_it_refuses_a_limit_out_of_range(stripe_account: StripeAccount, limit: int, message: str) -> None:
    """https://docs.stripe.com/api/pagination: 1 to 100; the wording is inferred."""
    with pytest.raises(stripe.InvalidRequestError, match=message) as refusal:
        stripe_account.client.v1.customers.list({"limit": limit})
    assert refusal.value.param == "limit"


def test_it_refuses_an_unknown_cursor(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/error-codes#resource-missing."""
    with pytest.raises(stripe.InvalidRequestError, match="No such customer: 'cus_none'") as refusal:
        stripe_account.client.v1.customers.list({"starting_after": "cus_none"})
    assert refusal.value.http_status == 400
    assert refusal.value.param == "starting_after"
