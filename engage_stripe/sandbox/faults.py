"""Faults between a client and the sandbox."""

from __future__ import annotations

from starlette.requests import Request

from engage_stripe.sandbox.idempotency import Answer


class Faults:
    """Three places where something can go wrong with a request; each may raise StripeError."""

    async def before(self, request: Request) -> None:
        """After authentication, before anything is remembered: 429, 503, a connection dropped early."""

    async def during(self, request: Request) -> None:
        """While the idempotency key is held and nothing is applied yet: latency, a stored 500."""

    async def after(self, request: Request, answer: Answer) -> Answer:
        """The change is applied: drop the connection, truncate or replace the body."""
        return answer
