"""Faults are ours; what a client meets is https://docs.stripe.com/error-low-level."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest
import stripe

from engage_stripe.sandbox.faults import Fault, Faults, Incoming
from engage_stripe.sandbox.rules import rule_parser
from engage_stripe.sandbox.state import World
from tests.sandbox_process import Sandbox, StripeAccount, running_sandbox


@pytest.fixture(autouse=True)
def _no_faults_left(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.admin("DELETE", "faults")


def add_fault(account: StripeAccount, kind: str, **fields: Any) -> None:
    account.sandbox.admin("POST", "faults", kind=kind, account=account.id, **fields)


def create_customer(account: StripeAccount, key: str | None = None) -> stripe.Customer:
    options: Any = {"idempotency_key": key} if key else {}
    return account.client.v1.customers.create({"name": "Ada"}, options)


def error_code(error: stripe.RateLimitError) -> str:
    """The code in the body: the SDK leaves `code` of a RateLimitError empty."""
    body: Any = error.json_body
    return str(body["error"]["code"])


def count_customers(account: StripeAccount) -> int:
    return len(account.client.v1.customers.list().data)


def test_it_limits_the_rate(stripe_account: StripeAccount) -> None:
    # https://docs.stripe.com/rate-limits
    add_fault(stripe_account, "rate_limited")
    with pytest.raises(stripe.RateLimitError) as refused:
        create_customer(stripe_account)
    assert refused.value.http_status == 429
    assert refused.value.request_id
    assert "date" in dict(refused.value.headers or {})
    assert error_code(refused.value) == "rate_limit"
    assert count_customers(stripe_account) == 0


def test_it_says_that_a_locked_object_is_worth_a_retry(stripe_account: StripeAccount) -> None:
    # https://docs.stripe.com/rate-limits#object-lock-timeouts
    add_fault(stripe_account, "lock_timeout")
    with pytest.raises(stripe.RateLimitError) as refused:
        create_customer(stripe_account)
    assert error_code(refused.value) == "lock_timeout"
    assert dict(refused.value.headers or {})["stripe-should-retry"] == "true"


@pytest.mark.parametrize("status", [500, 502, 503])
def test_it_fails_before_anything_is_applied(stripe_account: StripeAccount, status: int) -> None:
    add_fault(stripe_account, "server_error", status=status, method="POST")
    with pytest.raises(stripe.APIError) as refused:
        create_customer(stripe_account)
    assert refused.value.http_status == status
    assert count_customers(stripe_account) == 0


def test_it_remembers_a_stored_error(stripe_account: StripeAccount) -> None:
    # https://docs.stripe.com/api/idempotent_requests: 500s are stored too
    add_fault(stripe_account, "stored_error")
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            create_customer(stripe_account, key="same")
    assert create_customer(stripe_account, key="other").name == "Ada"


def test_it_drops_the_connection_before_the_change(stripe_account: StripeAccount) -> None:
    add_fault(stripe_account, "drop_before")
    with pytest.raises(stripe.APIConnectionError):
        create_customer(stripe_account)
    assert count_customers(stripe_account) == 0


def test_it_drops_the_connection_after_the_change(stripe_account: StripeAccount) -> None:
    add_fault(stripe_account, "drop_after")
    with pytest.raises(stripe.APIConnectionError):
        create_customer(stripe_account, key="once")
    assert count_customers(stripe_account) == 1
    create_customer(stripe_account, key="once")
    assert count_customers(stripe_account) == 1


def test_it_truncates_the_answer_to_a_change(stripe_account: StripeAccount) -> None:
    add_fault(stripe_account, "truncate")
    with pytest.raises(stripe.APIConnectionError):
        create_customer(stripe_account)
    assert count_customers(stripe_account) == 1


def test_it_takes_its_time(stripe_account: StripeAccount) -> None:
    add_fault(stripe_account, "latency", seconds=1)
    impatient = stripe_account.sandbox.client(
        stripe_account.secret_key, http_client=stripe.RequestsClient(timeout=0.2)
    )
    with pytest.raises(stripe.APIConnectionError):
        impatient.v1.customers.create({"name": "Ada"})


def test_it_strikes_only_what_it_matches(stripe_account: StripeAccount, sandbox: Sandbox) -> None:
    add_fault(stripe_account, "server_error", method="POST", path="/v1/customers/*", count=None)
    created = create_customer(stripe_account)
    assert create_customer(sandbox.open_account()).name == "Ada"
    with pytest.raises(stripe.APIError):
        stripe_account.client.v1.customers.update(created.id, {"name": "Grace"})


def test_it_strikes_as_often_as_told(stripe_account: StripeAccount) -> None:
    add_fault(stripe_account, "server_error", count=2)
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            create_customer(stripe_account)
    assert create_customer(stripe_account).name == "Ada"


def test_it_refuses_more_than_the_rate_limit(stripe_account: StripeAccount) -> None:
    stripe_account.sandbox.admin("POST", "rate_limit", per_second=0)
    with pytest.raises(stripe.RateLimitError):
        create_customer(stripe_account)
    stripe_account.sandbox.admin("POST", "rate_limit", per_second=None)
    assert create_customer(stripe_account).name == "Ada"


def test_it_skews_the_clock_of_objects_and_of_the_date_header(stripe_account: StripeAccount) -> None:
    sandbox = stripe_account.sandbox
    offset = sandbox.admin("POST", "clock")["offset"]
    sandbox.admin("POST", "clock", offset=offset - 86_400)
    try:
        created = create_customer(stripe_account)
    finally:
        sandbox.admin("POST", "clock", offset=offset)
    stamped = parsedate_to_datetime(created.last_response.headers["date"]).timestamp()
    assert abs(stamped - created.created) <= 1
    assert created.created <= create_customer(stripe_account).created - 86_400


def test_it_never_strikes_the_admin_api(sandbox: Sandbox) -> None:
    sandbox.admin("POST", "faults", kind="drop_before", count=None)
    assert sandbox.admin("GET", "faults")["data"][0]["kind"] == "drop_before"


def test_it_refuses_an_unknown_fault(sandbox: Sandbox) -> None:
    with pytest.raises(httpx.HTTPStatusError, match="400"):
        sandbox.admin("POST", "faults", kind="earthquake")


def strikes(seed: int) -> list[bool]:
    faults = Faults(World(shapes={}, seed=seed))
    faults.rules.append(Fault("server_error", count=None, probability=0.5))
    request = Incoming("GET", "/v1/customers", None)
    return [faults.strike(("server_error",), request) is not None for _ in range(64)]


def test_it_is_the_same_for_the_same_seed() -> None:
    assert strikes(7) == strikes(7)
    assert strikes(7) != strikes(8)


def test_it_reads_rules_from_the_command_line() -> None:
    parse = rule_parser(Fault)
    assert parse("drop_after,path=/v1/subscriptions/*,count=2") == Fault(
        "drop_after", path="/v1/subscriptions/*", count=2
    )
    assert parse("latency,seconds=0.5,count=all") == Fault("latency", seconds=0.5, count=None)


def test_it_starts_with_the_trouble_of_its_command_line() -> None:
    options = (
        *("--fault", "server_error,status=503,count=all", "--rate-limit", "9"),
        *("--clock-offset", "-86400", "--disturb", "duplicate,count=all"),
    )
    with running_sandbox(*options) as running:
        faults = running.admin("GET", "faults")
        clock = running.admin("POST", "clock")
    assert (faults["data"][0]["status"], faults["rate_limit"]) == (503, 9)
    assert clock["offset"] == -86_400
