"""The one error family. Every door turns it into its own form: a page, an exit code, the API's error shape."""

from typing import Any


class ConnectorError(Exception):
    """Something went wrong that a person can act on.

    ``code`` is stable and for programs; ``user_message`` says what happened and what to do next;
    ``retryable`` says whether the same request may succeed later without anybody changing anything.
    """

    def __init__(
        self, code: str, user_message: str, *, retryable: bool = False, details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(user_message)
        self.code = code
        self.user_message = user_message
        self.retryable = retryable
        self.details = details or {}

    def as_dict(self) -> dict[str, Any]:
        """The API's error body: ``{"error": {"code", "message", "retryable", "details"}}``."""
        return {
            "error": {
                "code": self.code,
                "message": self.user_message,
                "retryable": self.retryable,
                "details": self.details,
            }
        }


class InvalidInputError(ConnectorError):
    """The caller sent something that cannot be right (HTTP 400)."""


class ForbiddenError(ConnectorError):
    """The caller is known and may not do this (HTTP 403)."""


class NotFoundError(ConnectorError):
    """No such thing in this App (HTTP 404)."""


class ConflictError(ConnectorError):
    """The request contradicts what is there (HTTP 409)."""


class StripeError(ConnectorError):
    """Stripe refused or failed.

    ``http_status`` is Stripe's, None when no answer came; ``stripe_code`` is Stripe's ``code`` or ``type``;
    ``request_id`` names the request in Stripe's logs. ``outcome_unknown`` is True where the request may have been
    applied although no answer said so (a time-out, a dropped connection, a 5xx). ``replayed`` is True where Stripe
    repeated what it had stored under the idempotency key, and will do so again. ``stripe_message`` is what Stripe
    itself said, with keys cut out.
    """

    def __init__(
        self,
        code: str,
        user_message: str,
        *,
        retryable: bool = False,
        http_status: int | None = None,
        stripe_code: str | None = None,
        request_id: str | None = None,
        outcome_unknown: bool = False,
        replayed: bool = False,
        missing_permissions: tuple[str, ...] = (),
        stripe_message: str = "",
        details: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(code, user_message, retryable=retryable, details=details)
        self.http_status = http_status
        self.stripe_code = stripe_code
        self.request_id = request_id
        self.outcome_unknown = outcome_unknown
        self.replayed = replayed
        self.missing_permissions = missing_permissions
        self.stripe_message = stripe_message
