"""Click tokens: what a browser may send instead of an API key.

A token names one App, prompt, interaction and user, is signed, and expires after ten minutes. It carries the
idempotency key of its click: whatever sends it again, however often, gets the first answer.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from django.core import signing

from connector.errors import ForbiddenError
from connector.host import HostApp

LIFETIME = 600  # seconds
_SALT = "actions.click"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClickToken:
    app_id: UUID
    prompt_id: str
    interaction: str
    user_id: str
    idempotency_key: str


def issue_token(*, app_id: UUID, prompt_id: str, interaction: str, user_id: str) -> str:
    """A token for one click, valid for ``LIFETIME``."""
    return signing.dumps([str(app_id), prompt_id, interaction, user_id, f"click-{uuid4()}"], salt=_SALT)


def read_token(token: str) -> ClickToken:
    """Raises ``ForbiddenError`` for a token that is expired, changed or not ours."""
    try:
        app_id, prompt_id, interaction, user_id, key = signing.loads(token, salt=_SALT, max_age=LIFETIME)
    except signing.SignatureExpired as error:
        raise ForbiddenError("token_expired", "This button has expired. Reload the page.") from error
    except signing.BadSignature as error:
        raise ForbiddenError("token_invalid", "This button is not valid. Reload the page.") from error
    return ClickToken(
        app_id=UUID(app_id),
        prompt_id=prompt_id,
        interaction=interaction,
        user_id=user_id,
        idempotency_key=key,
    )


def origin_host(origin: str | None) -> str:
    """The host name of an ``Origin`` header, empty where it is missing, ``null``, or plain HTTP from
    elsewhere than this machine.
    """
    parts = urlsplit(origin or "")
    host = parts.hostname or ""
    is_local = host in {"localhost", "127.0.0.1", "::1"}
    return host if parts.scheme == "https" or (parts.scheme == "http" and is_local) else ""


def is_own_origin(origin: str | None, app: HostApp) -> bool:
    """Whether a page on one of the App's domains sent this."""
    host = origin_host(origin)
    return bool(host) and host in {domain.lower() for domain in app.domains}
