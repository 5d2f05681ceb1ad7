"""Validation of parameters: https://docs.stripe.com/error-codes."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.sandbox_process import StripeAccount

RECURRING = {"currency": "usd", "product_data[name]": "Gold", "unit_amount": "100"}


def _refusal(account: StripeAccount, path: str, form: dict[str, str]) -> dict[str, Any]:
    answer = httpx.post(f"{account.sandbox.url}/v1/{path}", data=form, auth=(account.secret_key, ""))
    assert answer.status_code == 400, answer.text
    error = dict(answer.json()["error"])
    assert error.pop("type") == "invalid_request_error"
    error.pop("doc_url", None)
    return error


@pytest.mark.parametrize(
    ("path", "form", "expected"),
    [
        (
            "customers",
            {"nmae": "Ada"},
            {
                "code": "parameter_unknown",
                "message": "Received unknown parameter: nmae",
                "param": "nmae",
            },
        ),
        (
            "customers",
            {"address[town]": "London", "address[street]": "x"},
            {
                "code": "parameter_unknown",
                "message": "Received unknown parameters: address[town], address[street]",
                "param": "address[town]",
            },
        ),
        (
            "customers",
            {"coupon": "free"},
            {
                "code": "parameter_unknown",
                "message": "Received unknown parameter: coupon",
                "param": "coupon",
            },
        ),
        (
            "products",
            {},
            {
                "code": "parameter_missing",
                "message": "Missing required param: name.",
                "param": "name",
            },
        ),
        (
            "customers",
            {"tax_exempt": "maybe"},
            {
                "message": "Invalid tax_exempt: must be one of exempt, none, or reverse",
                "param": "tax_exempt",
            },
        ),
        (
            "prices",
            RECURRING | {"recurring[interval]": "fortnight"},
            {
                "message": "Invalid recurring[interval]: must be one of day, month, week, or year",
                "param": "recurring[interval]",
            },
        ),
        (
            "customers",
            {"balance": "ten"},
            {
                "code": "parameter_invalid_integer",
                "message": "Invalid integer: ten",
                "param": "balance",
            },
        ),
        (
            "products",
            {"name": "Gold", "active": "yes"},
            {"message": "Invalid boolean: yes", "param": "active"},
        ),
        (
            "customers",
            {"email": "ada"},
            {"code": "email_invalid", "message": "Invalid email address: ada", "param": "email"},
        ),
        ("customers", {"address": "London"}, {"message": "Invalid object", "param": "address"}),
        (
            "customers",
            {"preferred_locales": "en"},
            {"message": "Invalid array", "param": "preferred_locales"},
        ),
        (
            "prices",
            RECURRING | {"recurring[interval]": ""},
            {
                "code": "parameter_invalid_empty",
                "message": "You passed an empty string for 'recurring[interval]'. We assume empty values are an "
                "attempt to unset a parameter; however 'recurring[interval]' cannot be unset. You should remove "
                "'recurring[interval]' from your request or supply a non-empty value.",
                "param": "recurring[interval]",
            },
        ),
    ],
)
def test_it_refuses_as_stripe_does(
    stripe_account: StripeAccount, path: str, form: dict[str, str], expected: dict[str, str]
) -> None:
    assert _refusal(stripe_account, path, form) == expected


def test_it_refuses_what_it_does_not_imitate(stripe_account: StripeAccount) -> None:
    """Nothing that Stripe would act on is ignored in silence."""
    error = _refusal(stripe_account, "customers", {"tax[ip_address]": "192.0.2.1"})
    assert error["code"] == "sandbox_not_imitated"
    assert error["param"] == "tax"


def test_it_refuses_an_unknown_url(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/api/errors: 404."""
    url = f"{stripe_account.sandbox.url}/v1/charges"
    answer = httpx.get(url, auth=(stripe_account.secret_key, ""))
    assert answer.status_code == 404
    assert answer.json()["error"]["message"].startswith("Unrecognized request URL (GET: /v1/charges).")


def test_it_refuses_another_api_version(stripe_account: StripeAccount) -> None:
    """Ours: Stripe serves every version (https://docs.stripe.com/api/versioning), the sandbox one."""
    url = f"{stripe_account.sandbox.url}/v1/customers"
    headers = {"Stripe-Version": "2019-02-11"}
    answer = httpx.get(url, auth=(stripe_account.secret_key, ""), headers=headers)
    assert answer.status_code == 400
    assert "2019-02-11" in answer.json()["error"]["message"]


def test_it_sends_the_headers_that_stripe_sends(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/api/request_ids and https://docs.stripe.com/api/versioning."""
    url = f"{stripe_account.sandbox.url}/v1/customers"
    headers = {"Idempotency-Key": "k1"}
    answer = httpx.post(url, auth=(stripe_account.secret_key, ""), headers=headers)
    assert answer.headers["request-id"].startswith("req_")
    assert answer.headers["stripe-version"] == "2026-10-28.endive"
    assert answer.headers["idempotency-key"] == "k1"
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["date"].endswith("GMT")


def test_it_logs_each_request(stripe_account: StripeAccount) -> None:
    stripe_account.client.v1.customers.create({"name": "Ada"})
    logged = stripe_account.requests(method="POST", path="/v1/customers")
    assert [(entry["status"], entry["params"]) for entry in logged] == [(200, {"name": "Ada"})]


def test_it_refuses_a_json_body(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/api: the v1 API accepts form-encoded request bodies."""
    url = f"{stripe_account.sandbox.url}/v1/customers"
    answer = httpx.post(url, json={"name": "Ada"}, auth=(stripe_account.secret_key, ""))
    assert answer.status_code == 400
    assert "application/x-www-form-urlencoded" in answer.json()["error"]["message"]
