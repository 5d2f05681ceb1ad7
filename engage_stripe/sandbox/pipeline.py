"""A request's way: authenticate, idempotency, permission, parameters, faults, handler, expand, JSON."""

from __future__ import annotations

import json
import time
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from engage_stripe.sandbox import idempotency
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import StripeError, invalid
from engage_stripe.sandbox.expand import PathChecker, expand
from engage_stripe.sandbox.faults import Faults
from engage_stripe.sandbox.forms import Decoded, decode
from engage_stripe.sandbox.idempotency import Answer, Entry
from engage_stripe.sandbox.keys import acting_account, authenticate, check_permission
from engage_stripe.sandbox.params import validate
from engage_stripe.sandbox.routing import Call, Router
from engage_stripe.sandbox.shapes import render
from engage_stripe.sandbox.state import Cause, World
from engage_stripe.sandbox.version import API_VERSION

FORM = "application/x-www-form-urlencoded"


class Pipeline:
    """Serves `/v1/…`; one instance per process."""

    def __init__(self, world: World, router: Router, faults: Faults) -> None:
        self.world = world
        self.router = router
        self.faults = faults
        self.paths = PathChecker(world.shapes, router.readers())

    async def __call__(self, request: Request) -> Response:
        """Answer one request, whatever happens, with the headers that Stripe sends."""
        request_id = self.world.ids.new("req")
        logged, started = self._log(request, request_id), time.perf_counter()
        try:
            answer = await self._serve(request, request_id, logged)
        except StripeError as error:
            answer = _refused(error)
        logged |= {"status": answer.status, "seconds": time.perf_counter() - started}
        return Response(
            answer.body,
            answer.status,
            {**self._headers(request, request_id), **answer.headers},
            "application/json",
        )

    async def _serve(self, request: Request, request_id: str, logged: dict[str, Any]) -> Answer:
        call = self._identified(request, request_id)
        logged["account"] = call.account.id
        encoded = await _encoded(request)
        entry = Entry(
            idempotency.fingerprint(request.method, request.url.path, encoded),
            call.route.name,
            call.now,
            request_id,
        )
        replay = idempotency.recall(call.account, call.idempotency_key, entry)
        if replay is not None:
            return replay
        self._admit(call, decode(encoded))
        logged["params"] = call.params
        with idempotency.remembered(call.account, call.idempotency_key, entry):
            answer = await self._executed(request, call)
            if answer.status != HTTPStatus.TOO_MANY_REQUESTS:
                entry.answer = answer
            return answer

    def _identified(self, request: Request, request_id: str) -> Call:
        """Who calls what, on whose account."""
        key = authenticate(self.world, request.headers)
        account = acting_account(self.world, key, request.headers.get("stripe-account"))
        _check_version(request.headers.get("stripe-version"))
        route, path = self.router.match(request.method, request.url.path)
        return Call(self.world, account, route, key, request_id, _idempotency_key(request), path)

    def _admit(self, call: Call, decoded: Decoded) -> None:
        """Refuse what the key may not do and what the endpoint does not know, before anything happens."""

        def permit(permission: str | None) -> None:
            check_permission(call.key, call.account, permission)

        permit(call.route.permission)
        call.params = validate(call.route, decoded)
        self.paths.check(call.route, call.params.get("expand") or (), permit)

    async def _executed(self, request: Request, call: Call) -> Answer:
        try:
            trouble = await self.faults.during(request)
            answer = Answer(HTTPStatus.OK, _json(self._handled(call)), {})
            return _refused(trouble) if trouble else answer
        except StripeError as error:
            return _refused(error)

    def _handled(self, call: Call) -> Obj:
        self.world.cause = Cause(call.request_id, call.idempotency_key)
        try:
            shown = render(call.account, call.route.handler(call))
        finally:
            self.world.cause = Cause()
        return expand(call.account, shown, call.params.get("expand") or ())

    def _log(self, request: Request, request_id: str) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "id": request_id,
            "created": self.world.clock.now(),
            "method": request.method,
            "path": request.url.path,
            "account": None,
            "client": _http_library(request),
            "idempotency_key": request.headers.get("idempotency-key"),
            "params": None,
            "status": None,
            "seconds": None,
        }
        self.world.requests.append(entry)
        return entry

    def _headers(self, request: Request, request_id: str) -> dict[str, str]:
        skew = self.world.clock.now() - int(time.time())
        headers = {
            "Date": formatdate(time.time() + skew, usegmt=True),
            "Request-Id": request_id,
            "Stripe-Version": API_VERSION,
        }
        if key := _idempotency_key(request):
            headers["Idempotency-Key"] = key
        if account := request.headers.get("stripe-account"):
            headers["Stripe-Account"] = account
        return headers


def _http_library(request: Request) -> str | None:
    """What the SDK says it sends requests with: tells one client in a test from another."""
    about = request.headers.get("x-stripe-client-user-agent")
    library: str | None = json.loads(about).get("httplib") if about else None
    return library


def _idempotency_key(request: Request) -> str | None:
    """https://docs.stripe.com/api/idempotent_requests: GET and v1 DELETE ignore the header."""
    return request.headers.get("idempotency-key") if request.method == "POST" else None


async def _encoded(request: Request) -> str:
    if request.method == "POST":
        if request.headers.get("content-type", FORM).partition(";")[0] != FORM:
            raise invalid(f"Invalid request (check that your POST content type is {FORM}).")
        try:
            return (await request.body()).decode()
        except UnicodeDecodeError:
            raise invalid("Invalid UTF-8 in the request body.") from None
    return request.url.query


def _check_version(version: str | None) -> None:
    if version is not None and version != API_VERSION:
        raise invalid(
            f"Invalid Stripe API version: {version}. The sandbox speaks {API_VERSION}.",
        )


def _refused(error: StripeError) -> Answer:
    headers = {}
    if error.should_retry is not None:
        headers["Stripe-Should-Retry"] = "true" if error.should_retry else "false"
    return Answer(error.status, _json(error.body()), headers)


def _json(body: Decoded) -> bytes:
    return json.dumps(body).encode()
