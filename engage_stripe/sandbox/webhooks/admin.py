"""The admin API of webhooks, under `/_sandbox/`. JSON in, JSON out, no authentication."""

import random
from collections import Counter
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.state import World
from engage_stripe.sandbox.webhooks.deliveries import Delivery
from engage_stripe.sandbox.webhooks.delivery import Dispatcher
from engage_stripe.sandbox.webhooks.disturbances import Disturbance, reordered


class WebhookAdmin:
    """Handlers that steer one dispatcher."""

    def __init__(self, world: World, dispatcher: Dispatcher) -> None:
        self._world = world
        self._dispatcher = dispatcher
        self._random = random.Random(f"{world.seed}:release")  # noqa: S311  repeatable with the seed

    def routes(self) -> list[Route]:
        """Return the routes to mount at the root."""
        return [
            Route("/_sandbox/webhooks", self.disturb, methods=["POST"]),
            Route("/_sandbox/webhooks", self.calm, methods=["DELETE"]),
            Route("/_sandbox/webhooks/release", self.release, methods=["POST"]),
            Route("/_sandbox/webhooks/flush", self.flush, methods=["POST"]),
            Route("/_sandbox/webhooks/drain", self.drain, methods=["POST"]),
            Route("/_sandbox/deliveries", self.deliveries, methods=["GET"]),
            Route("/_sandbox/deliveries/{id}/resend", self.resend, methods=["POST"]),
            Route("/_sandbox/webhook_endpoints/{id}/roll_secret", self.roll_secret, methods=["POST"]),
        ]

    async def disturb(self, request: Request) -> Response:
        """Add a `Disturbance`: its fields as JSON, `{"kind": "withhold", "count": 1, …}`."""
        try:
            rule = Disturbance(**await request.json())
        except TypeError as error:
            return JSONResponse({"error": str(error)}, 400)
        self._dispatcher.disturbances.append(rule)
        return JSONResponse({"disturbances": len(self._dispatcher.disturbances)})

    async def calm(self, _request: Request) -> Response:
        """Forget all disturbances; what they withheld stays withheld."""
        self._dispatcher.disturbances.clear()
        return JSONResponse({"disturbances": 0})

    async def release(self, request: Request) -> Response:
        """Send what is withheld, `{"order": "created" | "reversed" | "shuffled"}`, and wait for it."""
        body = await _json(request)
        self._dispatcher.release(self._ordered(body.get("order", "created")))
        return await self.drain(request)

    async def flush(self, request: Request) -> Response:
        """Send what is withheld, delayed or waits for a retry, and wait for it."""
        self._dispatcher.release(self._dispatcher.withheld())
        self._dispatcher.lanes.hurry()
        return await self.drain(request)

    async def drain(self, _request: Request) -> Response:
        """Wait until nothing is on its way; answer how many deliveries are in each state."""
        await self._dispatcher.lanes.drain()
        return JSONResponse(Counter(str(delivery.state) for delivery in self._dispatcher.log))

    async def deliveries(self, request: Request) -> Response:
        """List the log, newest first; `?event=evt_…&state=failed&limit=100` filter it."""
        wanted = dict(request.query_params)
        limit = int(wanted.pop("limit", "100"))
        found = [delivery.as_json() for delivery in self._dispatcher.log.matching(**wanted)]
        return JSONResponse({"data": found[:limit], "has_more": len(found) > limit})

    async def resend(self, request: Request) -> Response:
        """Send one delivery again, as a new one."""
        found = self._dispatcher.log.find(request.path_params["id"])
        if found is None:
            return JSONResponse({"error": "no such delivery"}, 404)
        return JSONResponse(self._dispatcher.resend(found).as_json())

    async def roll_secret(self, request: Request) -> Response:
        """Give an endpoint a new secret; the old one signs too for `{"expires_in": seconds}`.

        Stripe offers this in its Dashboard only (https://docs.stripe.com/webhooks#roll-endpoint-secrets).
        """
        body = await _json(request)
        endpoint = self._endpoint(request.path_params["id"])
        if endpoint is None:
            return JSONResponse({"error": "no such webhook endpoint"}, 404)
        expires_at = self._world.clock.sending_time() + int(body.get("expires_in", 86_400))
        endpoint["previous_secret"] = {"secret": endpoint["secret"], "expires_at": expires_at}
        endpoint["secret"] = f"whsec_{self._world.ids.text(32)}"
        return JSONResponse({"id": endpoint["id"], "secret": endpoint["secret"]})

    def _ordered(self, order: str) -> list[Delivery]:
        withheld = self._dispatcher.withheld()
        if order == "reversed":
            return withheld[::-1]
        return reordered(withheld, self._random) if order == "shuffled" else withheld

    def _endpoint(self, endpoint_id: str) -> Obj | None:
        found = (account.get("webhook_endpoint", endpoint_id) for account in self._world.accounts.values())
        return next((endpoint for endpoint in found if endpoint is not None), None)


async def _json(request: Request) -> dict[str, Any]:
    body: dict[str, Any] = await request.json() if await request.body() else {}
    return body
