"""Stripe Connect: authorize, callback, deauthorize. https://docs.stripe.com/connect/oauth-standard-accounts

Only the account id is kept; the tokens of the answer are dropped.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import stripe
from django.urls import reverse
from django.utils import timezone

from connector.configuration import option, public_address
from connector.errors import ConnectorError
from connector.models import Connection, OAuthAttempt
from connector.platforms import Platform, get_platform
from connector.stripe_errors import redact

_LIFETIME = timedelta(minutes=15)


class AuthorizationError(ConnectorError):
    """The way to Stripe and back failed. ``code`` picks the page's text; ``retryable`` offers to start again."""


@dataclass(frozen=True, slots=True)
class Authorized:
    """An account whose owner let us in."""

    stripe_account_id: str
    livemode: bool


def redirect_uri() -> str:
    """The callback address, exactly as it has to be registered at Stripe."""
    return public_address(reverse("stripe_connector:oauth_callback"))


def authorize_url(*, app_id: UUID, livemode: bool, session_key: str) -> str:
    """Stripe's consent page, with a ``state`` that works once, for this session, App and mode, for 15 minutes."""
    platform = get_platform(livemode=livemode)
    state = secrets.token_urlsafe(32)
    OAuthAttempt.objects.create(
        state_hash=_hash(state),
        session_hash=_hash(session_key),
        app_id=app_id,
        livemode=livemode,
        expires_at=timezone.now() + _LIFETIME,
    )
    return _client(platform).oauth.authorize_url(
        {"scope": "read_write", "redirect_uri": redirect_uri(), "state": state}
    )


def finish_authorization(*, answer: Mapping[str, str], app_id: UUID, session_key: str) -> Authorized:
    """Judge Stripe's redirect and exchange its code. ``answer`` is the query of the callback."""
    attempt = _claim_attempt(answer.get("state", ""), app_id, session_key)
    if answer.get("error"):
        raise _refusal(answer)
    platform = get_platform(livemode=attempt.livemode)
    token = _exchange(platform, answer.get("code", ""))
    if token.get("livemode") is not attempt.livemode:
        _deauthorize(platform, token["stripe_user_id"])
        wanted = "live" if attempt.livemode else "test"
        raise AuthorizationError(
            "mode_mismatch", f"Stripe connected the other mode, but you asked for {wanted} mode.", retryable=True
        )
    if token.get("scope") != "read_write":
        _deauthorize(platform, token["stripe_user_id"])
        raise AuthorizationError(
            "read_only", "Stripe granted reading only; actions need to write too.", retryable=True
        )
    return Authorized(token["stripe_user_id"], attempt.livemode)


def forget_old_attempts() -> None:
    """Attempts that expired long enough ago that nobody comes back with their state."""
    OAuthAttempt.objects.filter(expires_at__lt=timezone.now() - timedelta(days=1)).delete()


def deauthorize(connection: Connection) -> None:
    """End the connection at Stripe; one that Stripe has ended already is fine."""
    _deauthorize(get_platform(livemode=connection.livemode), connection.stripe_account_id)


def _claim_attempt(state: str, app_id: UUID, session_key: str) -> OAuthAttempt:
    attempt = OAuthAttempt.objects.filter(state_hash=_hash(state)).first() if state else None
    if attempt is None:
        raise AuthorizationError("state_unknown", "This answer does not belong to anything that was started here.")
    if attempt.session_hash != _hash(session_key):
        raise AuthorizationError(
            "state_of_another_session", "This was started in another browser or by another person."
        )
    if attempt.app_id != app_id:
        raise AuthorizationError(
            "state_of_another_app", "This was started for another App. Switch back to it first."
        )
    now = timezone.now()
    if not OAuthAttempt.objects.filter(pk=attempt.pk, used_at=None).update(used_at=now):
        raise AuthorizationError("state_replayed", "This answer from Stripe was used already.")
    if attempt.expires_at <= now:
        raise AuthorizationError(
            "state_expired", "That took longer than 15 minutes, so it expired.", retryable=True
        )
    return attempt


def _refusal(answer: Mapping[str, str]) -> AuthorizationError:
    said = redact(answer.get("error_description", ""))
    if answer["error"] == "access_denied":
        return AuthorizationError("denied", "You declined at Stripe, so nothing was connected.", retryable=True)
    if "another platform" in said.lower() or "controlled" in said.lower():
        return AuthorizationError("other_platform", said)
    return AuthorizationError("refused", said or "Stripe did not allow this connection.", retryable=True)


def _exchange(platform: Platform, code: str) -> dict[str, Any]:
    try:
        token = _client(platform).oauth.token({"grant_type": "authorization_code", "code": code})
    except stripe.oauth_error.InvalidGrantError as error:
        if "mode" in (error.user_message or ""):
            raise AuthorizationError(
                "mode_mismatch", "The account is of the other mode.", retryable=True
            ) from None
        raise AuthorizationError(
            "code_refused", "Stripe's code has expired or was used already.", retryable=True
        ) from None
    except (stripe.oauth_error.OAuthError, stripe.StripeError) as error:
        said = redact(error.user_message or "")
        if "another platform" in said.lower():
            raise AuthorizationError("other_platform", said) from None
        raise AuthorizationError(
            "exchange_failed", said or "Stripe could not be reached.", retryable=True
        ) from None
    return token.to_dict()


def _deauthorize(platform: Platform, account_id: str) -> None:
    try:
        _client(platform).oauth.deauthorize({"stripe_user_id": account_id})
    except stripe.oauth_error.InvalidClientError:
        return  # not connected (any more)
    except (stripe.oauth_error.OAuthError, stripe.StripeError) as error:
        raise AuthorizationError(
            "deauthorize_failed", redact(error.user_message or "Stripe could not be reached."), retryable=True
        ) from None


def _client(platform: Platform) -> stripe.StripeClient:
    return stripe.StripeClient(
        platform.key.reveal(),
        client_id=platform.client_id,
        base_addresses={"api": option("STRIPE_API_BASE"), "connect": option("STRIPE_CONNECT_BASE")},
        max_network_retries=0,  # a code works once
        http_client=stripe.RequestsClient(timeout=(3, 20)),
    )


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
