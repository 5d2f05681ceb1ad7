"""Errors in Stripe's shape: `{"error": {"type", "message", "code"?, "param"?, "doc_url"?, …}}`.

https://docs.stripe.com/api/errors and https://docs.stripe.com/error-codes
"""

from __future__ import annotations

from typing import Any, Literal

Mode = Literal["test", "live"]


class StripeError(Exception):
    """One refusal, with the HTTP status and the body that Stripe would answer.

    `should_retry` becomes the `Stripe-Should-Retry` header; None leaves the header out.
    `extra` goes into the error object as it is (`decline_code`, `payment_intent`, …).
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        should_retry: bool | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.type = type
        self.code = code
        self.param = param
        self.should_retry = should_retry
        self.extra = extra or {}

    def body(self) -> dict[str, Any]:
        """The JSON body."""
        error: dict[str, Any] = {}
        if self.code is not None:
            error["code"] = self.code
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        error["message"] = self.message
        if self.param is not None:
            error["param"] = self.param
        return {"error": {**error, "type": self.type, **self.extra}}


def invalid(message: str, *, param: str | None = None, code: str | None = None, status: int = 400) -> StripeError:
    """A 400 `invalid_request_error`."""
    return StripeError(status, message, param=param, code=code)


def missing(
    noun: str, id: str, *, param: str = "id", status: int = 404, exists_in: Mode | None = None
) -> StripeError:
    """`No such customer: 'cus_x'`: 404 for the object of the URL, 400 for one named in a parameter.

    `exists_in` is the other mode when the account has the object there.
    """
    hint = ""
    if exists_in is not None:
        used = "test" if exists_in == "live" else "live"
        hint = (
            f"; a similar object exists in {exists_in} mode, but a {used} mode key was used to make this request."
        )
    return StripeError(status, f"No such {noun}: '{id}'{hint}", code="resource_missing", param=param)


def not_imitated(what: str, *, param: str | None = None) -> StripeError:
    """Stripe knows it and the sandbox does not: refuse loudly rather than pretend."""
    return invalid(
        f"The sandbox does not imitate {what}; docs/sandbox.md lists what it does.",
        param=param,
        code="sandbox_not_imitated",
    )
