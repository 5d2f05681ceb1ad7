"""An App's API key: random, shown once, kept as a hash.

A plain SHA-256 is enough because the key carries 256 random bits: there is nothing to guess from a dictionary,
and every API request has to pay for the check.
"""

import hashlib
import secrets


def new_api_key() -> str:
    return f"engage_{secrets.token_urlsafe(32)}"


def hash_api_key(api_key: str) -> str:
    return hashlib.sha256(api_key.encode()).hexdigest()


def matches(api_key: str, api_key_hash: str) -> bool:
    """Compares in constant time."""
    return secrets.compare_digest(hash_api_key(api_key), api_key_hash)
