"""The outermost ASGI layer, where faults can close a connection."""

import asyncio

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engage_stripe.sandbox.errors import StripeError
from engage_stripe.sandbox.faults import AROUND, Fault, Faults, lock_timeout, rate_limited, server_error

_STRIPE_PATHS = ("/v1/", "/oauth/")


class FaultLine:
    """Wraps the application; only requests to Stripe are struck, never the admin API."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, unless a fault does."""
        if scope["type"] != "http" or not scope["path"].startswith(_STRIPE_PATHS):
            await self._app(scope, receive, send)
            return
        await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = self._faults.identify(scope["method"], scope["path"], Headers(scope=scope))
        if self._faults.is_over_limit(request.account):
            await self._refuse(rate_limited())(scope, receive, send)
            return
        fault = self._faults.strike(AROUND, request)
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.kind == "drop_before":
            await _close(receive, send)
        elif fault.kind == "drop_after":
            await self._app(scope, receive, _swallow)
            await _close(receive, send)
        elif fault.kind == "truncate":
            await self._app(scope, receive, _first_half(send))
            await _close(receive, send)
        else:
            await self._answer(fault)(scope, receive, send)

    def _answer(self, fault: Fault) -> Response:
        if fault.kind == "rate_limited":
            return self._refuse(rate_limited())
        if fault.kind == "lock_timeout":
            return self._refuse(lock_timeout())
        if fault.status == 502:
            # A gateway in front of the API answers, not the API: not JSON.
            return PlainTextResponse("502 Bad Gateway", 502, self._faults.headers())
        return self._refuse(server_error(fault.status))

    def _refuse(self, error: StripeError) -> Response:
        retry = {"Stripe-Should-Retry": "true"} if error.should_retry else {}
        return JSONResponse(error.body(), error.status, {**self._faults.headers(), **retry})


async def _swallow(_message: Message) -> None:
    """Send nothing."""


def _first_half(send: Send) -> Send:
    """Send the headers, whose Content-Length promises the whole body, and half of the body."""

    async def send_half(message: Message) -> None:
        if message["type"] == "http.response.body":
            body = message.get("body", b"")
            message = {**message, "body": body[: len(body) // 2], "more_body": True}
        await send(message)

    return send_half


async def _close(receive: Receive, send: Send) -> None:
    """Close the TCP connection and wait until the server noticed, so that it does not answer 500.

    ASGI has no message for this; uvicorn's `send` is a method of the object that has the transport.
    """
    transport: asyncio.Transport = send.__self__.transport  # type: ignore[attr-defined]
    transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass
