"""The admin API of faults, under `/_sandbox/`."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from engage_stripe.sandbox.faults import Fault, Faults


class FaultAdmin:
    """Handlers on one sandbox's faults."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def routes(self) -> list[Route]:
        """Return the routes to mount at the root."""
        return [
            Route("/_sandbox/faults", self.add, methods=["POST"]),
            Route("/_sandbox/faults", self.show, methods=["GET"]),
            Route("/_sandbox/faults", self.clear, methods=["DELETE"]),
            Route("/_sandbox/rate_limit", self.limit, methods=["POST"]),
        ]

    async def add(self, request: Request) -> Response:
        """Add a `Fault`: its fields as JSON, `{"kind": "drop_after", "path": "/v1/subscriptions/*"}`."""
        try:
            self._faults.rules.append(Fault(**await request.json()))
        except (TypeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, 400)
        return await self.show(request)

    async def show(self, _request: Request) -> Response:
        """List the faults; `count` is what is left of each."""
        return JSONResponse(
            {"data": [vars(rule) for rule in self._faults.rules], "rate_limit": self._faults.rate_limit}
        )

    async def clear(self, request: Request) -> Response:
        """Forget all faults and the rate limit."""
        self._faults.rules.clear()
        self._faults.rate_limit = None
        return await self.show(request)

    async def limit(self, request: Request) -> Response:
        """`{"per_second": 25}` for every account from now on; null for no limit."""
        self._faults.rate_limit = (await request.json())["per_second"]
        return await self.show(request)
