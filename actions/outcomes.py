"""What one action came to."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from actions.models import Status
from connector.errors import ConnectorError, StripeError


class NotAllowedError(ConnectorError):
    """A precondition does not hold: nothing was sent. ``code`` names the precondition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """Another action that our own scheduler makes later, because of this one."""

    action: str
    parameters: dict[str, Any]
    apply_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """``message`` is for the end user's screen or the designer's test; ``url`` is where the user can go on;
    ``amounts`` are minor units by name beside ``currency``; ``apply_at`` is when our own scheduler makes the
    change; ``replaces`` is the action of which this takes the place where one waits for the same subscription;
    ``request_id`` is Stripe's, of a request that failed.
    """

    status: Status
    message: str
    code: str = ""
    retryable: bool = False
    url: str = ""
    amounts: dict[str, Any] = field(default_factory=dict)
    apply_at: datetime | None = None
    follow_up: FollowUp | None = None
    replaces: str = ""
    request_id: str = ""


def outcome_of_error(error: ConnectorError) -> Outcome:
    """What an error means for the action that met it."""
    match error:
        case NotAllowedError():
            status = Status.NOT_ALLOWED
        case StripeError(outcome_unknown=True):
            status = Status.UNKNOWN
        case StripeError(missing_permissions=missing) if missing:
            status = Status.NOT_ALLOWED
        case _:
            status = Status.FAILED
    return Outcome(
        status=status,
        code=error.code,
        message=error.user_message,
        retryable=error.retryable or status is Status.UNKNOWN,
        request_id=(error.request_id or "") if isinstance(error, StripeError) else "",
    )
