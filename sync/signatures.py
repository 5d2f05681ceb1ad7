"""Stripe's webhook signature: https://docs.stripe.com/webhooks#verify-manually"""

import hashlib
import hmac
from collections.abc import Iterable

from connector.crypto import Secret

TOLERANCE_SECONDS = 300


class SignatureError(Exception):
    """The request did not come from Stripe, or too long ago. ``reason``: ``malformed``, ``wrong`` or ``stale``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def verify(*, body: bytes, header: str, secrets: Iterable[Secret], now: float) -> None:
    """Raise ``SignatureError`` unless one of the ``v1`` signatures was made with one of the secrets, just now.

    While a secret rolls, Stripe signs with both and we accept both.
    """
    timestamp, signatures = _parse(header)
    signed = f"{timestamp}.".encode() + body
    expected = [_sign(secret, signed) for secret in secrets if secret]
    if not any(hmac.compare_digest(ours, theirs) for ours in expected for theirs in signatures):
        raise SignatureError("wrong")
    if abs(now - timestamp) > TOLERANCE_SECONDS:
        raise SignatureError("stale")


def _parse(header: str) -> tuple[int, list[bytes]]:
    pairs = [part.partition("=") for part in header.split(",")]
    timestamps = [value for name, _, value in pairs if name.strip() == "t"]
    signatures = [value.encode() for name, _, value in pairs if name.strip() == "v1"]
    if len(timestamps) != 1 or not (timestamps[0].isascii() and timestamps[0].isdigit()) or not signatures:
        raise SignatureError("malformed")
    return int(timestamps[0][:12]), signatures


def _sign(secret: Secret, signed: bytes) -> bytes:
    return hmac.new(secret.reveal().encode(), signed, hashlib.sha256).hexdigest().encode()
