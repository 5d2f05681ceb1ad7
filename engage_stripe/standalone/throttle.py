"""Slows down whoever guesses passwords: a few failed sign-ins per address and email, then a pause."""

import hashlib
from contextlib import suppress

from django.core.cache import cache

ATTEMPTS = 5
PAUSE_SECONDS = 15 * 60


def count_attempt(*, address: str, email: str) -> bool:
    """Whether this attempt may go on.

    An attempt counts before the password is looked at, so that a burst of parallel guesses gains nothing.
    """
    key = _key(address, email)
    if cache.add(key, 1, timeout=PAUSE_SECONDS):
        return True
    with suppress(ValueError):  # the pause ended between the two calls
        return cache.incr(key) <= ATTEMPTS
    return True


def forget_attempts(*, address: str, email: str) -> None:
    """After a sign-in that succeeded."""
    cache.delete(_key(address, email))


def _key(address: str, email: str) -> str:
    return f"sign-in:{hashlib.sha256(f'{address} {email.strip().lower()}'.encode()).hexdigest()}"
