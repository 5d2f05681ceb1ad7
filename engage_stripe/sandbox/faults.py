"""Faults between a client and the sandbox."""

from __future__ import annotations

from starlette.requests import Request


class Faults:
    """What goes wrong while a request is in progress."""

    async def during(self, request: Request) -> None:
        """Awaited while the idempotency key is held and nothing is applied yet; may raise StripeError."""
