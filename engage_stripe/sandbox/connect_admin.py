"""The admin API of Connect, under `/_sandbox/`: platforms, and connections without the consent page."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from engage_stripe.sandbox.connect import Connect, OAuthError, Platform
from engage_stripe.sandbox.keys import create_key


class ConnectAdmin:
    """Handlers on one Connect."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._world = connect.world

    def routes(self) -> list[Route]:
        """Return the routes to mount at the root."""
        return [
            Route("/_sandbox/platforms", self.create_platform, methods=["POST"]),
            Route("/_sandbox/platforms/{client_id}", self.change_platform, methods=["POST"]),
            Route("/_sandbox/connections", self.connect, methods=["POST"]),
            Route("/_sandbox/connections", self.disconnect, methods=["DELETE"]),
        ]

    async def create_platform(self, request: Request) -> Response:
        """`{"name"?, "livemode"?, "redirect_uris": […]}` → `{"client_id", "account", "secret_key"}`."""
        body = await request.json()
        livemode = bool(body.get("livemode"))
        account = self._world.account(f"acct_1{self._world.ids.text(15)}", livemode=livemode)
        platform = self._connect.register(
            Platform(
                client_id=f"ca_{self._world.ids.text(32)}",
                account_id=account.id,
                livemode=livemode,
                name=body.get("name", "Platform"),
                redirect_uris=body["redirect_uris"],
            )
        )
        key = create_key(self._world, account, "secret")
        return JSONResponse({"client_id": platform.client_id, "account": account.id, "secret_key": key.value})

    async def change_platform(self, request: Request) -> Response:
        """`{"redirect_uris": […]}` replaces the registered addresses."""
        platform = self._world.platforms.get(request.path_params["client_id"])
        if platform is None:
            return JSONResponse({"error": "no such platform"}, 404)
        platform.redirect_uris = (await request.json())["redirect_uris"]
        return JSONResponse(vars(platform))

    async def connect(self, request: Request) -> Response:
        """`{"client_id", "account"}`: connect at once, as if the consent page had been approved."""
        body = await request.json()
        platform = self._world.platforms[body["client_id"]]
        self._connect.connect(platform, self._world.account(body["account"], livemode=platform.livemode))
        return JSONResponse({"connected": body["account"]})

    async def disconnect(self, request: Request) -> Response:
        """`{"client_id", "account"}`: as the merchant does in Stripe's Dashboard."""
        body = await request.json()
        try:
            self._connect.disconnect(self._world.platforms[body["client_id"]], body["account"])
        except OAuthError as error:
            return JSONResponse({"error": error.description}, 404)
        return JSONResponse({"disconnected": body["account"]})
