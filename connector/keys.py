"""What can be read off a Stripe API key without asking Stripe. https://docs.stripe.com/keys"""

import hashlib
import re
from dataclasses import dataclass

from connector.crypto import Secret
from connector.errors import InvalidInputError

_KEY = re.compile(r"(?P<kind>sk|rk|pk)_(?P<mode>live|test)_[A-Za-z0-9_]{8,240}")
_SIGNING_SECRET = re.compile(r"whsec_[A-Za-z0-9_+/=-]{8,240}")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A well-formed secret or restricted key. ``hint`` and ``fingerprint`` may be shown."""

    secret: Secret
    livemode: bool
    restricted: bool
    hint: str
    fingerprint: str


def parse_api_key(pasted: str) -> ApiKey:
    """Judge a pasted key by its form; ``InvalidInputError`` says why it cannot be used."""
    value = pasted.strip()
    match = _KEY.fullmatch(value)
    if match is None:
        raise InvalidInputError(
            "malformed_key",
            "This is not a Stripe API key. Copy the whole key; it starts with rk_live_ or rk_test_.",
        )
    if match["kind"] == "pk":
        raise InvalidInputError(
            "publishable_key",
            "This is a publishable key (pk_…): it cannot read subscriptions. Paste a restricted key (rk_…).",
        )
    return ApiKey(
        secret=Secret(value),
        livemode=match["mode"] == "live",
        restricted=match["kind"] == "rk",
        hint=f"{match['kind']}_{match['mode']}_…{value[-4:]}",
        fingerprint=hashlib.sha256(value.encode()).hexdigest(),
    )


def parse_signing_secret(pasted: str) -> Secret:
    """A webhook signing secret, or an empty ``Secret`` where nothing was pasted."""
    value = pasted.strip()
    if value and not _SIGNING_SECRET.fullmatch(value):
        raise InvalidInputError(
            "malformed_signing_secret",
            "This is not a webhook signing secret. It starts with whsec_; reveal it in Stripe.",
        )
    return Secret(value)
