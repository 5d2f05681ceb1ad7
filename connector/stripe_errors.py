"""From Stripe's error answers to our one error family. Pure: takes what came over the wire, imports no SDK.

https://docs.stripe.com/api/errors and https://docs.stripe.com/error-low-level
"""

import re
from collections.abc import Mapping
from typing import Any

from connector.errors import StripeError

_PERMISSION = re.compile(r"\brak_[a-z_]+")
_KEY = re.compile(r"\b((?:sk|rk|pk)_(?:live|test)|whsec)_[A-Za-z0-9]{6,}")


def redact(text: str) -> str:
    """The text with every Stripe key or signing secret in it cut to its prefix."""
    return _KEY.sub(r"\1_…", text)


def describe_failure(
    *,
    http_status: int | None,
    body: object,
    message: str | None,
    request_id: str | None,
    writes: bool,
    replayed: bool = False,
) -> StripeError:
    """One failed request as a ``StripeError``.

    ``http_status`` is None when no answer came. ``body`` is the decoded JSON, anything else where there was none.
    ``writes`` says whether the request could have changed something, so that its outcome may be unknown;
    ``replayed`` whether Stripe had the answer stored.
    """
    error: Mapping[str, Any] = {}
    if isinstance(body, Mapping) and isinstance(body.get("error"), Mapping):
        error = body["error"]
    said = redact(str(error.get("message") or message or ""))
    code, user_message, retryable = _judge(http_status, error, said)
    return StripeError(
        code,
        user_message,
        retryable=retryable,
        http_status=http_status,
        stripe_code=error.get("code") or error.get("type"),
        request_id=request_id,
        outcome_unknown=writes and _unreadable(http_status),
        replayed=replayed,
        missing_permissions=tuple(dict.fromkeys(_PERMISSION.findall(said))) if http_status == 403 else (),
        stripe_message=said,
        details={name: error[name] for name in ("param", "decline_code") if error.get(name)},
    )


def _unreadable(http_status: int | None) -> bool:
    """No answer, a 5xx, or a success whose body was cut off."""
    return http_status is None or http_status < 400 or http_status >= 500


def _judge(http_status: int | None, error: Mapping[str, Any], said: str) -> tuple[str, str, bool]:
    """(code, message for people, whether the same request may succeed later)."""
    stripe_code = error.get("code")
    match http_status:
        case None:
            return "stripe_unreachable", "Stripe could not be reached. Try again in a moment.", True
        case _ if _unreadable(http_status):
            return "stripe_unavailable", "Stripe had a problem answering. Try again in a moment.", True
        case 401:
            return _judge_unauthorized(stripe_code)
        case 402:
            return "payment_failed", said or "The payment failed.", False
        case 403:
            return _judge_forbidden(stripe_code, said)
        case 404:
            return "not_found_at_stripe", said or "Stripe does not have this object.", False
        case 409 | 429:
            return _judge_busy(http_status, stripe_code)
        case _:
            return _judge_rejected(http_status, error, said)


def _judge_unauthorized(stripe_code: str | None) -> tuple[str, str, bool]:
    if stripe_code == "api_key_expired":
        return "key_expired", "This Stripe API key has expired. Create a new one and replace it.", False
    return "key_rejected", "Stripe does not accept this API key: it is wrong or was revoked.", False


def _judge_busy(http_status: int, stripe_code: str | None) -> tuple[str, str, bool]:
    if http_status == 409 or stripe_code == "lock_timeout":
        return "stripe_busy", "Stripe is changing the same thing right now. Try again in a moment.", True
    return "rate_limited", "Stripe is limiting requests for this account. Try again in a moment.", True


def _judge_rejected(http_status: int, error: Mapping[str, Any], said: str) -> tuple[str, str, bool]:
    if error.get("type") == "idempotency_error":
        return "idempotency_conflict", said or "This key was used for another request.", False
    return "rejected_by_stripe", said or f"Stripe refused the request (HTTP {http_status}).", False


def _judge_forbidden(stripe_code: str | None, said: str) -> tuple[str, str, bool]:
    names = sorted(set(_PERMISSION.findall(said)))
    if names:
        wanted = ", ".join(names)
        return "permission_missing", f"The Stripe key lacks a permission: {wanted}. Tick it in Stripe.", False
    if stripe_code == "account_invalid":
        return "account_disconnected", "The Stripe account is no longer connected. Connect it again.", False
    return "forbidden_by_stripe", said or "Stripe does not allow this request.", False
