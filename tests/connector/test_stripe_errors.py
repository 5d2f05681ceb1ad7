"""One table from Stripe's answers to our errors."""

from typing import Any

import pytest

from connector.errors import StripeError
from connector.stripe_errors import describe_failure, redact


def describe(http_status: int | None, *, writes: bool = False, **error: Any) -> StripeError:
    body = {"error": error} if error else None
    return describe_failure(http_status=http_status, body=body, message=None, request_id="req_1", writes=writes)


@pytest.mark.parametrize(
    ("http_status", "error", "code", "retryable"),
    [
        (None, {}, "stripe_unreachable", True),
        (400, {"type": "invalid_request_error", "message": "No such price"}, "rejected_by_stripe", False),
        (400, {"type": "idempotency_error", "message": "Keys for…"}, "idempotency_conflict", False),
        (401, {"message": "Invalid API Key"}, "key_rejected", False),
        (401, {"code": "api_key_expired"}, "key_expired", False),
        (402, {"code": "card_declined", "message": "Your card was declined."}, "payment_failed", False),
        (403, {"code": "account_invalid"}, "account_disconnected", False),
        (403, {"message": "No."}, "forbidden_by_stripe", False),
        (404, {"code": "resource_missing"}, "not_found_at_stripe", False),
        (409, {"type": "idempotency_error"}, "stripe_busy", True),
        (429, {"code": "lock_timeout"}, "stripe_busy", True),
        (429, {"code": "rate_limit"}, "rate_limited", True),
        (500, {"type": "api_error"}, "stripe_unavailable", True),
        (200, {}, "stripe_unavailable", True),
    ],
)
def test_it_tells_them_apart(http_status: int | None, error: dict[str, Any], code: str, retryable: bool) -> None:
    failure = describe(http_status, **error)
    assert (failure.code, failure.retryable, failure.http_status) == (code, retryable, http_status)
    assert failure.user_message


@pytest.mark.parametrize(
    ("http_status", "unknown"), [(None, True), (500, True), (503, True), (200, True), (402, False), (429, False)]
)
def test_it_says_when_a_write_may_have_happened(http_status: int | None, unknown: bool) -> None:
    assert describe(http_status, writes=True).outcome_unknown is unknown
    assert describe(http_status, writes=False).outcome_unknown is False


def test_it_reads_the_names_of_missing_permissions() -> None:
    message = (
        "The provided key 'rk_live_***' does not have the required permissions for this endpoint on account "
        "'acct_1'. Having the 'rak_invoice_read' or 'rak_invoice_write' permission would allow this request."
    )
    failure = describe(403, message=message)
    assert failure.code == "permission_missing"
    assert failure.missing_permissions == ("rak_invoice_read", "rak_invoice_write")


def test_it_keeps_what_the_card_said() -> None:
    failure = describe(402, code="card_declined", decline_code="insufficient_funds", message="Insufficient funds.")
    assert failure.user_message == "Insufficient funds."
    assert failure.stripe_code == "card_declined"
    assert failure.details == {"decline_code": "insufficient_funds"}


def test_it_survives_a_body_that_is_not_stripe_s() -> None:
    failure = describe_failure(http_status=502, body="<html>", message="Bad gateway", request_id=None, writes=True)
    assert failure.code == "stripe_unavailable"
    assert failure.outcome_unknown


@pytest.mark.parametrize("secret", ["sk_live_abcdef1234", "rk_test_51Habcdefgh", "whsec_abcdefghij"])
def test_it_cuts_keys_out_of_whatever_is_said(secret: str) -> None:
    assert secret not in redact(f"Invalid key {secret}.")
    assert secret.rpartition("_")[0] in redact(f"Invalid key {secret}.")
