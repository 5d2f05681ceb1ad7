"""Addresses that Stripe would send a live account's data or people to."""

from urllib.parse import urlsplit

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def is_live_address(url: str) -> bool:
    """Return whether live mode accepts `url`: HTTPS, as at Stripe, or this machine, which is ours."""
    parts = urlsplit(url)
    return parts.scheme == "https" or parts.hostname in _LOOPBACK
