"""The `Stripe-Signature` header (https://docs.stripe.com/webhooks#verify-manually)."""

import hashlib
import hmac
from collections.abc import Iterable


def signature_header(*, payload: bytes, secrets: Iterable[str], timestamp: int, livemode: bool) -> str:
    """Return `t=…,v1=…[,v1=…][,v0=…]` for the exact bytes of a webhook body.

    There is one `v1` for each secret, so that receivers holding either the old or the new secret
    accept the event while a secret rolls. Test-mode events carry one more signature of the fake
    scheme `v0`, which a receiver must ignore. `timestamp` is in epoch seconds.
    """
    active = list(secrets)
    parts = [f"t={timestamp}"]
    parts += [f"v1={_digest(payload, secret, timestamp)}" for secret in active]
    if not livemode:
        parts.append(f"v0={_digest(payload, f'v0:{active[0]}', timestamp)}")
    return ",".join(parts)


def _digest(payload: bytes, secret: str, timestamp: int) -> str:
    signed = f"{timestamp}.".encode() + payload
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
